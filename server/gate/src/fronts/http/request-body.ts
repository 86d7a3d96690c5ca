// The body of a request, in memory of its own that can be wiped: it may hold a secret. A body that is too large is given up
// as soon as that is known.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ok, type Result, refuse } from '@chatelaine/contract';

/**
 * Reads a body of at most `mostBytes`; the caller wipes it. Refusals: `too-large`, `cancelled` if the rest never came.
 * What arrives is wiped where it arrived.
 */
export const readBody = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  mostBytes: number,
): Promise<Result<Buffer>> => {
  const announced = Number(incoming.headers['content-length'] ?? 0);
  if (announced > mostBytes) return Promise.resolve(refuse('too-large'));
  if (incoming.headers.expect !== undefined) outgoing.writeContinue();
  return new Promise((resolve) => {
    let body = Buffer.allocUnsafeSlow(announced === 0 ? 1_024 : announced);
    let size = 0;
    const end = (result: Result<Buffer>): void => {
      incoming.off('data', take).off('end', finish).off('close', giveUp).off('error', giveUp);
      if (result.kind === 'refused') {
        body.fill(0);
        incoming.on('error', () => undefined);
      }
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      if (size + chunk.length > mostBytes) {
        chunk.fill(0);
        incoming.pause();
        end(refuse('too-large'));
        return;
      }
      if (size + chunk.length > body.length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(mostBytes, 2 * (size + chunk.length)));
        body.copy(larger, 0, 0, size);
        body.fill(0);
        body = larger;
      }
      chunk.copy(body, size);
      chunk.fill(0);
      size += chunk.length;
    };
    const finish = (): void => end(ok(body.subarray(0, size)));
    const giveUp = (): void => end(refuse('cancelled'));
    incoming.on('data', take).on('end', finish).on('close', giveUp).on('error', giveUp);
  });
};

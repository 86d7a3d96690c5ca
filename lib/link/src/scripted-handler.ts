// A handler that tests tell what to do, operation by operation.

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import type { LinkHandler, LinkPeer, LinkRequest } from './peer.ts';

type Answer = Awaited<ReturnType<LinkHandler['call']>>;

export class ScriptedHandler implements LinkHandler {
  readonly #calls = new Map<string, (request: LinkRequest, peer: LinkPeer) => Promise<Answer> | Answer>();
  readonly #streams = new Map<string, (request: LinkRequest) => Refused | AsyncIterable<unknown>>();
  /** Every question that was looked at. */
  readonly seen: LinkRequest[] = [];

  constructor() {
    this.onCall('echo', ({ input }) => ok(input));
    this.onCall(
      'never',
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(refuse('cancelled')))),
    );
  }

  onCall(
    operation: string,
    answer: (request: LinkRequest, peer: LinkPeer) => Promise<Result<unknown>> | Result<unknown>,
  ): void {
    this.#calls.set(operation, async (request, peer) => ({ result: await answer(request, peer) }));
  }

  /** As `onCall`, for answers that have something to dispose of. */
  onAnswer(operation: string, answer: (request: LinkRequest) => Answer): void {
    this.#calls.set(operation, answer);
  }

  onStream(operation: string, answer: (request: LinkRequest) => Refused | AsyncIterable<unknown>): void {
    this.#streams.set(operation, answer);
  }

  async call(peer: LinkPeer, request: LinkRequest): Promise<Answer> {
    this.seen.push(request);
    const answer = this.#calls.get(request.operation);
    return answer === undefined ? { result: refuse('unknown-operation') } : await answer(request, peer);
  }

  async stream(_peer: LinkPeer, request: LinkRequest): Promise<Refused | AsyncIterable<unknown>> {
    this.seen.push(request);
    return this.#streams.get(request.operation)?.(request) ?? refuse('unknown-operation');
  }
}

// A webhook gets each notice as a JSON body by POST. With a secret, the header `X-Chatelaine-Signature` is the HMAC-SHA-256 of
// the body (RFC 2104), as `sha256=HEX`. Any answer from 200 to 299 says that it was taken; redirections are not followed.

import { createHmac } from 'node:crypto';
import type { Notice } from './notice.ts';

const PATIENCE_MS = 10_000;

/** Resolves with why it was not taken, or with nothing. */
export const deliverToWebhook = async (
  { url, secret }: { readonly url: string; readonly secret?: Buffer | undefined },
  notice: Notice,
): Promise<string | undefined> => {
  const body = JSON.stringify(notice);
  const headers: Record<string, string> = { 'content-type': 'application/json', 'user-agent': 'chatelaine' };
  if (secret !== undefined) {
    headers['x-chatelaine-signature'] = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  }
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
    await response.body?.cancel();
    return response.ok ? undefined : `answered ${response.status}`;
  } catch (error) {
    const { cause, name } = error as Error & { readonly cause?: { readonly code?: string } };
    return `could not be reached: ${cause?.code ?? name}`;
  }
};

// The parameters of a request as they were sent, in its query or in its body.

import { ok, type Result, refuse, yubiotp } from '@chatelaine/contract';
import type { HttpContext, HttpServices } from '../http/http-context.ts';

/** The query if there is one, otherwise the form that was posted; one character a byte. */
export const readForm = async ({ env }: HttpContext, { bodies }: HttpServices): Promise<Result<string>> => {
  const { incoming, outgoing } = env;
  const { method, url = '', headers } = incoming;
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  if (query !== '' || method !== 'POST') return ok(query);
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/x-www-form-urlencoded') return ok('');
  const body = await bodies.read(incoming, outgoing);
  if (body.kind === 'refused') return body;
  const { bytes } = body.value;
  const text = bytes.length > yubiotp.MAX_PARAMETERS_BYTES ? undefined : bytes.toString('latin1');
  bodies.release(body.value);
  return text === undefined ? refuse('too-large') : ok(text);
};

// A result on its way: the answer, or the refusal with its code. Details of a refusal pass; nothing else does.

import { isRefusalCode, type Result, refuse } from '@chatelaine/contract';

/** What is put into a result frame. */
export const toResultBody = (result: Result<unknown>): unknown => {
  if (result.kind === 'ok') return { kind: 'ok', value: result.value };
  const { kind, code, field, message } = result;
  return { kind, code, field, message };
};

const optionalText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Reads a result back. A code that only a newer version knows becomes `internal`. Undefined if it is no result. */
export const fromResultBody = (body: unknown): Result<unknown> | undefined => {
  if (typeof body !== 'object' || body === null || !('kind' in body)) return undefined;
  if (body.kind === 'ok') return { kind: 'ok', value: 'value' in body ? body.value : undefined };
  if (body.kind !== 'refused' || !('code' in body) || typeof body.code !== 'string') return undefined;
  const field = optionalText('field' in body ? body.field : undefined);
  const message = optionalText('message' in body ? body.message : undefined);
  return refuse(isRefusalCode(body.code) ? body.code : 'internal', {
    ...(field !== undefined && { field }),
    ...(message !== undefined && { message }),
  });
};

// The parameters of Yubico's validation protocol, each read as its reference server reads it. Reading refuses nothing: what is
// wrong is decided by the checks, in their order. Validation Protocol Version 2.0, developers.yubico.com/yubikey-val.

import type { yubiotp } from '@chatelaine/contract';
import { parseOtp, type TypedOtp } from './modhex.ts';

/** A request, as far as it could be read: what is absent was missing or malformed. */
export interface ValidationRequest {
  /** 1 is 1.0 and 1.1, which know no nonce. */
  readonly version: '1' | '2';
  /** Whether there is a nonce at all. */
  readonly hasNonce: boolean;
  readonly nonce?: string;
  readonly isSyncLevelRight: boolean;
  readonly isTimeoutRight: boolean;
  readonly otp?: TypedOtp;
  readonly clientId?: number;
  /** Whether the counters are asked for. */
  readonly wantsCounters: boolean;
  /** Of the request, Base64; absent: it is not signed. */
  readonly signature?: string;
}

const NONCE = /^[A-Za-z0-9]{16,40}$/;
const NUMERIC = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const MAX_SYNC_LEVEL = 100;

const isBlank = (code: number): boolean =>
  code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0c) || code === 0;

/** Without blanks around it, and without backslashes. */
const clean = (value: string): string => {
  let from = 0;
  let to = value.length;
  while (from < to && isBlank(value.charCodeAt(from))) from++;
  while (to > from && isBlank(value.charCodeAt(to - 1))) to--;
  return value.slice(from, to).replaceAll('\\', '');
};

const isSyncLevel = (text: string): boolean => {
  if (text === '' || /^(fast|secure)$/i.test(text)) return true;
  const level = NUMERIC.test(text) ? Math.trunc(Number(text)) : 0;
  return level >= 1 && level <= MAX_SYNC_LEVEL;
};

const clientIdOf = (text: string): number | undefined => {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return id === 0 ? undefined : id;
};

/** Reads a request; of unknown parameters only the signature takes notice. */
export const readValidationRequest = (
  version: '1' | '2',
  parameters: readonly yubiotp.ValidationPair[],
): ValidationRequest => {
  const values = new Map(parameters.map(({ name, value }) => [name, value]));
  const textOf = (name: string): string => clean(values.get(name) ?? '');
  const nonce = textOf('nonce');
  const otp = parseOtp(textOf('otp'));
  const clientId = clientIdOf(textOf('id'));
  const signature = textOf('h');
  const counters = textOf('timestamp');
  return {
    version,
    hasNonce: nonce !== '',
    isSyncLevelRight: isSyncLevel(textOf('sl')),
    isTimeoutRight: /^\d*$/.test(textOf('timeout')),
    wantsCounters: NUMERIC.test(counters) && Number(counters) === 1,
    ...(NONCE.test(nonce) && { nonce }),
    ...(otp !== undefined && { otp }),
    ...(clientId !== undefined && { clientId }),
    ...(signature !== '' && { signature }),
  };
};

// What Yubico's validation server exports and imports, comma-separated, times in seconds since 1970:
// keys    active,created,modified,yk_publicname,yk_counter,yk_use,yk_low,yk_high,nonce,notes   (ykval-export, ykval-import)
// clients id,active,created,secret,email,notes,otp             (ykval-export-clients, ykval-import-clients)

import type { InputOf, OutputOf, yubiotp } from '@chatelaine/contract';
import { TokenError } from '../import/token.ts';
import { flagOf, type Line, noteOf, numberOf, publicIdOfField, textOf } from './fields.ts';
import type { BroughtKey } from './key-file.ts';

export type BroughtClient = InputOf<typeof yubiotp.bringClients>['clients'][number];
type State = OutputOf<typeof yubiotp.listStates>['keys'][number];

export const STATE_FIELDS = 10;
export const CLIENT_FIELDS = 7;
/** The end of the year 9999, in seconds. */
const LAST_SECOND = 253_402_300_799;
/** Bit 15 of a counter says that caps lock was on; a server that did not leave it out may have stored it. */
const COUNTER_MASK = 0x7fff;
const NO_NONCE = /^0*$/;

const unixMsOf = (field: Buffer | undefined, name: string): number => numberOf(field, name, 0, LAST_SECOND) * 1_000;

const checkCount = (fields: readonly Buffer[], expected: number): void => {
  if (fields.length !== expected) throw new TokenError(`it has ${fields.length} fields, not ${expected}`);
};

/** Reads what is known about a key. Throws {@link TokenError}. */
export const readStateLine = ({ fields }: Line): BroughtKey => {
  checkCount(fields, STATE_FIELDS);
  const [active, created, modified, publicName, counterField, useField, lowField, highField, nonceField, notes] =
    fields;
  const counter = numberOf(counterField, 'yk_counter', -1, 0xffff);
  const use = numberOf(useField, 'yk_use', -1, 255);
  const low = numberOf(lowField, 'yk_low', -1, 0xffff);
  const high = numberOf(highField, 'yk_high', -1, 0xff);
  const nonce = textOf(nonceField);
  if (!/^[A-Za-z0-9]{0,40}$/.test(nonce)) throw new TokenError('nonce is not up to 40 letters and digits');
  return {
    publicId: publicIdOfField(publicName),
    state: {
      active: flagOf(active, 'active'),
      counter: counter < 0 ? -1 : counter & COUNTER_MASK,
      use: counter < 0 ? -1 : use,
      ...(low >= 0 && high >= 0 && { timestamp: (high << 16) | low }),
      ...(!NO_NONCE.test(nonce) && { nonce }),
      createdAtUnixMs: unixMsOf(created, 'created'),
      modifiedAtUnixMs: unixMsOf(modified, 'modified'),
      notes: noteOf(notes, 'notes', 100),
    },
  };
};

const secondsOf = (unixMs: number): number => Math.floor(unixMs / 1_000);
const digitOf = (flag: boolean): string => (flag ? '1' : '0');

export const writeStateLine = (state: State): string => {
  const { active, createdAtUnixMs, modifiedAtUnixMs, publicId, counter, use, timestamp, nonce, notes } = state;
  const [low, high] = timestamp === undefined ? [-1, -1] : [timestamp & 0xffff, timestamp >>> 16];
  const times = [secondsOf(createdAtUnixMs), secondsOf(modifiedAtUnixMs)];
  return `${[digitOf(active), ...times, publicId, counter, use, low, high, nonce ?? '0'.repeat(16), notes].join(',')}\n`;
};

/** Reads a client. Throws {@link TokenError}. The caller wipes the secret. */
export const readClientLine = ({ fields }: Line): BroughtClient => {
  checkCount(fields, CLIENT_FIELDS);
  const [idField, active, created, secretField, email, notes, otp] = fields;
  const id = numberOf(idField, 'id', 1, 9_999_999_999);
  const rest = {
    ...{ id, active: flagOf(active, 'active'), createdAtUnixMs: unixMsOf(created, 'created') },
    ...{ email: noteOf(email, 'email', 254), notes: noteOf(notes, 'notes', 100), otp: noteOf(otp, 'otp', 100) },
  };
  const text = (secretField ?? Buffer.alloc(0)).toString('latin1').trim();
  const secret = Buffer.from(text, 'base64');
  if (!/^[A-Za-z0-9+/]{2,60}={0,2}$/.test(text) || secret.length === 0) throw new TokenError('secret is no Base64');
  return { ...rest, secret };
};

export const writeClientLine = (client: OutputOf<typeof yubiotp.exportClient>): string => {
  const { id, active, createdAtUnixMs, secret, email, notes, otp } = client;
  const key = Buffer.from(secret.buffer, secret.byteOffset, secret.length).toString('base64');
  return `${[id, digitOf(active), secondsOf(createdAtUnixMs), key, email, notes, otp].join(',')}\n`;
};

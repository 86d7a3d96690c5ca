// `chatelaine otp enroll`: a new credential, shown once, and confirmed by its device before it counts.

import { hotp, type InputOf, totp, yubiotp } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { readPassPhrase } from '../terminal/secret-input.ts';
import { fromBase32 } from './base32.ts';
import { confirmShown } from './confirm.ts';
import { type KindOptions, kindOf } from './kind.ts';
import { isUnusual, otpauthUri, type UriOptions } from './otpauth-uri.ts';
import { newPublicId, programmingLines } from './yubikey-secrets.ts';

export interface EnrollOptions extends GlobalOptions, KindOptions {
  readonly name?: string;
  readonly digits: string;
  readonly algorithm: string;
  readonly period: string;
  readonly window: string;
  readonly lookAhead: string;
  readonly counter: string;
  readonly issuer: string;
  readonly publicId?: string;
  readonly given?: boolean;
  readonly json?: boolean;
}

type Secret = InputOf<typeof totp.enroll>['secret'];

/** Seeds are as long as the hash. RFC 6238, section 5.1. */
const seedSizes = { sha1: 20, sha256: 32, sha512: 64 } as const;
type Algorithm = keyof typeof seedSizes;
const isAlgorithm = (text: string): text is Algorithm => Object.hasOwn(seedSizes, text);

const numberOf = (option: string, text: string): number => {
  if (!/^[0-9]{1,15}$/.test(text)) throw new Failure('usage', `${option} is not a number.`);
  return Number(text);
};

const readGiven = async (what: string): Promise<string> => {
  const bytes = await readPassPhrase({ name: what, isNew: false });
  const text = bytes.toString('latin1');
  bytes.fill(0);
  return text;
};

const readSeed = async (): Promise<Secret> => {
  const value = fromBase32(await readGiven('seed'));
  if (value === undefined) throw new Failure('usage', 'The seed is not Base32.');
  return { kind: 'given', value };
};

const readYubikeySecret = async (): Promise<InputOf<typeof yubiotp.enroll>['secret']> => {
  const [, privateId, key] = /^\s*([0-9a-f]{12})[\s,]+([0-9a-f]{32})\s*$/i.exec(await readGiven('secret')) ?? [];
  if (privateId === undefined || key === undefined) {
    throw new Failure('usage', 'Expected the private id, a comma and the AES key, both in hexadecimal.');
  }
  return { kind: 'given', privateId: Buffer.from(privateId, 'hex'), key: Buffer.from(key, 'hex') };
};

/** Shows a new seed, the only time there is. */
const showSeed = async (seed: Uint8Array, uri: UriOptions, isJson: boolean): Promise<void> => {
  const text = otpauthUri(seed, uri);
  if (isJson) return await printJson({ kind: uri.kind, user: uri.account, uri: text });
  if (process.stderr.isTTY) {
    const { drawQr } = await import('./draw-qr.ts');
    process.stderr.write(drawQr(text));
  }
  await print(`${text}\n`);
  say('It is not shown again.');
  if (isUnusual(uri)) say('note: some phones make codes of 6 digits with SHA-1 and 30 seconds whatever this says.');
};

const enrollCode = async (kind: 'totp' | 'hotp', user: string, options: EnrollOptions): Promise<void> => {
  const algorithm = options.algorithm.toLowerCase();
  if (!isAlgorithm(algorithm)) throw new Failure('usage', '--algorithm is not sha1, sha256 or sha512.');
  const isGiven = options.given === true;
  const secret: Secret = isGiven ? await readSeed() : { kind: 'new', sizeBytes: seedSizes[algorithm] };
  const credential = options.name ?? 'default';
  const common = { user, credential, secret, algorithm, digits: numberOf('--digits', options.digits) };
  const counter = numberOf('--counter', options.counter);
  const periodSeconds = numberOf('--period', options.period);
  await askKeep(options, async (client) => {
    const { seed } = answerOf(
      kind === 'totp'
        ? await client.call(totp.enroll, { ...common, periodSeconds, window: numberOf('--window', options.window) })
        : await client.call(hotp.enroll, {
            ...common,
            counter,
            lookAhead: numberOf('--look-ahead', options.lookAhead),
          }),
      user,
    );
    if (seed !== undefined) {
      const uri = {
        kind,
        issuer: options.issuer,
        account: user,
        algorithm,
        digits: common.digits,
        periodSeconds,
        counter,
      };
      await showSeed(seed, uri, options.json === true);
      seed.fill(0);
    }
    await confirmShown(client, { kind, user, credential });
  });
};

const enrollYubikey = async (user: string, options: EnrollOptions): Promise<void> => {
  const publicId = options.publicId ?? newPublicId();
  const secret = options.given === true ? await readYubikeySecret() : ({ kind: 'new' } as const);
  await askKeep(options, async (client) => {
    const { made } = answerOf(await client.call(yubiotp.enroll, { user, publicId, secret }), user);
    if (made !== undefined) {
      const [privateId, key] = [made.privateId, made.key].map((bytes) => Buffer.from(bytes).toString('hex'));
      if (options.json === true) await printJson({ kind: 'yubikey', user, publicId, privateId, key });
      else await print(`${publicId},${privateId},${key}\n`);
      say(
        'Public id, private id and AES key; they are not shown again. Slot 1 of a key is programmed by one of these, which ask',
      );
      say('for the secrets that are not in them:');
      for (const line of programmingLines(publicId)) say(`  ${line}`);
    }
    await confirmShown(client, { kind: 'yubikey', user, credential: publicId });
  });
};

export const enroll = async (user: string, options: EnrollOptions): Promise<void> => {
  const kind = kindOf(options);
  await (kind === 'yubikey' ? enrollYubikey(user, options) : enrollCode(kind, user, options));
};

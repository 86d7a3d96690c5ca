// `chatelaine login SERVER`: a token of some hours for this shell, by SSH key or pass phrase, by either with a one-time code, or
// by a code alone.

import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { createClient, type InputOf, sessions } from '@chatelaine/contract';
import { signWithOpenSsh } from '../approval/sign-with-openssh.ts';
import { Failure } from '../failure.ts';
import { parseDurationOption } from '../machine/duration-option.ts';
import { readCode } from '../otp/read-codes.ts';
import { answerOf } from '../refused-answer.ts';
import { openOwnSession } from '../session/own-session.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { printJson, say } from '../terminal/output.ts';
import { readPassword, readStdin, splitLastLine } from '../terminal/secret-input.ts';
import { parseFingerprint } from './fingerprint.ts';
import { fingerprintOf, httpTransport } from './http-transport.ts';
import { keepLogin, type LoginPlace } from './kept-login.ts';
import { parseServerAddress, type ServerAddress } from './server-address.ts';

export interface LoginOptions {
  readonly user?: string;
  readonly key?: string;
  readonly code?: boolean;
  readonly onlyCode?: boolean;
  readonly life?: string;
  readonly fingerprint?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const CLIENT_NONCE_BYTES = 16;

/** By what the server is to be known: what was typed, else what it shows, if a person says so. */
const knownBy = async (server: ServerAddress, options: LoginOptions): Promise<string | undefined> => {
  const { fingerprint } = options;
  if (!server.isEncrypted) return undefined;
  if (fingerprint !== undefined) return parseFingerprint(fingerprint);
  const shown = await fingerprintOf(server);
  say(`${server.origin} shows a certificate with the SHA-256 fingerprint`);
  say(`  ${shown}`);
  await confirm('Is that its own? The server prints it at its start.', options.yes === true);
  return shown;
};

const PASS_PHRASE = { name: 'pass phrase', isNew: false };

/** One after the other from the prompt; or from stdin, the code being the last line and the pass phrase all before it. */
const readPassPhraseAndCode = async (): Promise<{ readonly passPhrase: Buffer; readonly code: string }> => {
  if (process.stdin.isTTY) return { passPhrase: await readPassword(PASS_PHRASE), code: await readCode() };
  const both = await readStdin('The pass phrase with its code');
  const { passPhrase, last } = splitLastLine(both);
  both.fill(0);
  if (passPhrase.length > 0) return { passPhrase, code: last };
  throw new Failure('usage', 'Stdin has no pass phrase and code.', 'The code is on a line of its own, the last one.');
};

type LoginProof = InputOf<typeof sessions.login>['proof'];

const proofBy = async (
  user: string,
  { key, code: hasCode, onlyCode }: LoginOptions,
  ask: () => Promise<{ readonly storeId: string; readonly nonce: Uint8Array }>,
): Promise<LoginProof> => {
  if (onlyCode === true) return { kind: 'one-time-code', code: await readCode() };
  if (key === undefined) {
    if (hasCode !== true) return { kind: 'pass-phrase', passPhrase: await readPassword(PASS_PHRASE) };
    return { kind: 'pass-phrase', ...(await readPassPhraseAndCode()) };
  }
  // Typed before the challenge is fetched, which is not good for long.
  const code = hasCode === true ? { code: await readCode() } : {};
  const { storeId, nonce } = await ask();
  const fresh = { nonce, clientNonce: randomBytes(CLIENT_NONCE_BYTES) };
  const text = sessions.loginText(storeId, user, fresh);
  const signature = await signWithOpenSsh(text, key, sessions.LOGIN_NAMESPACE);
  return { kind: 'ssh-signature', ...fresh, signature, ...code };
};

export const login = async (address: string, options: LoginOptions): Promise<void> => {
  const server = parseServerAddress(address);
  if (options.onlyCode === true && (options.key !== undefined || options.code === true)) {
    throw new Failure('usage', '--only-code excludes --key and --code.');
  }
  // Opened first, so that nobody proves who they are for a shell that can keep nothing.
  openOwnSession()[Symbol.dispose]();
  const lifeMs = options.life === undefined ? sessions.SESSION_LIFE_MS : parseDurationOption(options.life, '--life');
  const user = (options.user ?? userInfo().username).toLowerCase();
  const fingerprint = await knownBy(server, options);
  const client = createClient(httpTransport({ server, fingerprint }));
  const proof = await proofBy(user, options, async () => answerOf(await client.call(sessions.challenge, {})));
  const answer = answerOf(await client.call(sessions.login, { user, proof, lifeMs }), user);
  if (proof.kind === 'pass-phrase') proof.passPhrase.fill(0);
  const { session, expiresAtUnixMs } = answer;
  let keptIn: LoginPlace;
  try {
    keptIn = await keepLogin(server, answer.token, fingerprint, lifeMs);
  } finally {
    answer.token.fill(0);
  }
  if (options.json === true) return await printJson({ server: server.origin, user, session, expiresAtUnixMs, keptIn });
  say(`Logged in at ${server.origin} as ${user}, in this shell, until ${formatMoment(expiresAtUnixMs)}.`);
};

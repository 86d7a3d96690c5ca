// Whether somebody is the user they say they are. Whatever is wrong (no such user, kept out, no such credential, a wrong one),
// the same work is done and the same is answered.

import { type InputOf, ok, type Result, refuse, sessions } from '@chatelaine/contract';
import { areEqualBytes, hashPassPhrase } from '@chatelaine/secret';
import type { ModuleServices, Service } from '../../kernel/module.ts';
import { parseSshPublicKey, verifySshSignature } from '../../kernel/ssh-signature.ts';
import { LOGIN_COST } from './change-users.ts';
import { readUser, type UserRecord } from './user-record.ts';

/** What another module asks: who it is said to be, and the proof. */
interface ProofRequest {
  readonly name: string;
  readonly proof: Exclude<InputOf<typeof sessions.login>['proof'], { readonly kind: 'one-time-code' }>;
}

/** What is answered about somebody who is let in. */
const standingOf = ({ groups, stretch, codeAtLogin }: UserRecord) =>
  ok({ groups, stretch, codeAtLogin: codeAtLogin ?? 'optional' });

/** Checked in place of what is not there. */
const NOBODYS = { salt: new Uint8Array(16), ...LOGIN_COST, hash: new Uint8Array(32) };
const NOBODYS_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea';

const hasPassPhrase = async (user: UserRecord | undefined, passPhrase: Uint8Array): Promise<boolean | 'busy'> => {
  const kept = user?.passPhrase ?? NOBODYS;
  const hashed = await hashPassPhrase(passPhrase, kept.salt, kept);
  if (hashed.kind !== 'hashed') return 'busy';
  using key = hashed.key;
  return areEqualBytes(key.bytes, kept.hash) && user?.passPhrase !== undefined;
};

const hasKey = (user: UserRecord | undefined, signature: Uint8Array, message: Uint8Array): boolean => {
  const isSigned = (line: string): boolean => {
    const key = parseSshPublicKey(line);
    if (key === undefined) return false;
    return verifySshSignature(signature, { blob: key.blob, namespace: sessions.LOGIN_NAMESPACE, message });
  };
  const lines = user?.sshKeys ?? [];
  return lines.length === 0 ? isSigned(NOBODYS_KEY) && false : lines.some(isSigned);
};

/** `authenticate`: answers with the user's groups and whether a code is needed as well, or `unauthenticated`, or `busy`. */
export const checkProof =
  ({ storeId }: ModuleServices): Service =>
  async ({ tx, input }): Promise<Result<unknown>> => {
    const { name, proof } = input as ProofRequest;
    const user = await readUser(tx, name);
    const isGood =
      proof.kind === 'pass-phrase'
        ? await hasPassPhrase(user, proof.passPhrase)
        : hasKey(user, proof.signature, sessions.loginText(storeId, name, proof));
    if (isGood === 'busy') return refuse('busy');
    return isGood && user?.enabled === true ? standingOf(user) : refuse('unauthenticated');
  };

/** `standing`: the same of a user who is let in, without a proof; or `unauthenticated`. */
export const standing: Service = async ({ tx, input }): Promise<Result<unknown>> => {
  const user = await readUser(tx, (input as { readonly name: string }).name);
  return user?.enabled === true ? standingOf(user) : refuse('unauthenticated');
};

/** `person`: whether the user of a name is let in, their groups, and since when there is a user of that name; or `not-found`. */
export const person: Service = async ({ tx, input }): Promise<Result<unknown>> => {
  const user = await readUser(tx, (input as { readonly name: string }).name);
  if (user === undefined) return refuse('not-found');
  return ok({ enabled: user.enabled, groups: user.groups, since: user.createdAtUnixMs });
};

// Users as an administrator keeps them.

import { randomFillSync } from 'node:crypto';
import { ok, refuse, users } from '@chatelaine/contract';
import { hashPassPhrase, PASS_PHRASE_SALT_BYTES, type PassPhraseCost } from '@chatelaine/secret';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { parseSshPublicKey } from '../../kernel/ssh-signature.ts';
import { deleteUser, listUsers, putUser, readUser, type UserRecord, viewOfUser } from './user-record.ts';

/** A login is to take a fraction of a second, and an attacker with the record as long for every guess. */
export const LOGIN_COST: PassPhraseCost = { passes: 3, memoryKiB: 65_536 };
const MIN_PASS_PHRASE_BYTES = 12;
const MAX_KEYS = 32;

const newStretch = (): string => randomFillSync(Buffer.alloc(8)).toString('hex');

const add = answer(users.add, async ({ input, moment }, tx) => {
  const { name, fullName, groups } = input;
  if ((await readUser(tx, name)) !== undefined) return refuse('already-exists', { field: 'name', message: 'is taken' });
  const record: UserRecord = {
    ...{ format: 1, fullName, groups, enabled: true, stretch: newStretch() },
    ...{ createdAtUnixMs: moment.nowUnixMs, sshKeys: [] },
  };
  putUser(tx, name, record);
  return ok(viewOfUser(name, record));
});

const remove = answer(users.remove, async ({ input }, tx) => {
  if ((await readUser(tx, input.name)) === undefined) return refuse('not-found');
  deleteUser(tx, input.name);
  return ok({});
});

const enable = answer(users.enable, async ({ input }, tx) => {
  const user = await readUser(tx, input.name);
  if (user === undefined) return refuse('not-found');
  if (!user.enabled) putUser(tx, input.name, { ...user, enabled: true });
  return ok({ changed: !user.enabled });
});

const disable = answer(users.disable, async ({ input }, tx) => {
  const user = await readUser(tx, input.name);
  if (user === undefined) return refuse('not-found');
  if (user.enabled) putUser(tx, input.name, { ...user, enabled: false, stretch: newStretch() });
  return ok({ changed: user.enabled });
});

const setGroups = answer(users.setGroups, async ({ input }, tx) => {
  const user = await readUser(tx, input.name);
  if (user === undefined) return refuse('not-found');
  putUser(tx, input.name, { ...user, groups: input.groups });
  return ok({});
});

const addKey = answer(users.addKey, async ({ input, note }, tx) => {
  const user = await readUser(tx, input.name);
  if (user === undefined) return refuse('not-found');
  const key = parseSshPublicKey(input.publicKey);
  if (key === undefined) {
    const message = 'must be an Ed25519, ECDSA, security key or RSA key of at least 2,048 bits';
    return refuse('invalid-input', { field: 'publicKey', message });
  }
  const { fingerprint } = key;
  if (user.sshKeys.some((known) => parseSshPublicKey(known)?.fingerprint === fingerprint)) {
    return refuse('already-exists', { field: 'publicKey', message: 'is one of theirs already' });
  }
  if (user.sshKeys.length >= MAX_KEYS) return refuse('too-large', { message: `a user has at most ${MAX_KEYS} keys` });
  putUser(tx, input.name, { ...user, sshKeys: [...user.sshKeys, input.publicKey.trim()] });
  note({ name: 'fingerprint', value: fingerprint, assurance: 'proved' });
  return ok({ fingerprint });
});

const removeKey = answer(users.removeKey, async ({ input, note }, tx) => {
  const user = await readUser(tx, input.name);
  const left = user?.sshKeys.filter((key) => parseSshPublicKey(key)?.fingerprint !== input.fingerprint);
  if (user === undefined || left === undefined || left.length === user.sshKeys.length) return refuse('not-found');
  putUser(tx, input.name, { ...user, sshKeys: left });
  note({ name: 'fingerprint', value: input.fingerprint, assurance: 'proved' });
  return ok({});
});

const setPassPhrase = answer(users.setPassPhrase, async ({ input, note }, tx) => {
  const user = await readUser(tx, input.name);
  if (user === undefined) return refuse('not-found');
  note({ name: 'taken-away', value: input.passPhrase.length === 0, assurance: 'proved' });
  if (input.passPhrase.length === 0) {
    const { passPhrase: _, ...rest } = user;
    putUser(tx, input.name, rest);
    return ok({});
  }
  if (input.passPhrase.length < MIN_PASS_PHRASE_BYTES) return refuse('weak-pass-phrase');
  const salt = randomFillSync(Buffer.alloc(PASS_PHRASE_SALT_BYTES));
  const hashed = await hashPassPhrase(input.passPhrase, salt, LOGIN_COST);
  if (hashed.kind !== 'hashed') return refuse('busy');
  using hash = hashed.key;
  putUser(tx, input.name, { ...user, passPhrase: { salt, ...LOGIN_COST, hash: hash.bytes } });
  return ok({});
});

const setCodeAtLogin = answer(users.setCodeAtLogin, async ({ input: { name, codeAtLogin }, note }, tx) => {
  const user = await readUser(tx, name);
  if (user === undefined) return refuse('not-found');
  const { codeAtLogin: _, ...rest } = user;
  putUser(tx, name, codeAtLogin === 'optional' ? rest : { ...rest, codeAtLogin });
  note({ name: 'code-at-login', value: codeAtLogin, assurance: 'proved' });
  return ok({});
});

const show = answer(users.show, async ({ input }, tx) => {
  const user = await readUser(tx, input.name);
  return user === undefined ? refuse('not-found') : ok(viewOfUser(input.name, user));
});

const list = answer(users.list, async ({ input: { limit, cursor } }, tx) =>
  ok(await listUsers(tx, cursor === undefined ? { limit } : { limit, cursor })),
);

export const changeUsers: readonly BoundOperation[] = [
  ...[add, remove, enable, disable, setGroups],
  ...[addKey, removeKey, setPassPhrase, setCodeAtLogin, show, list],
];

// Uses a secret, zeroes what it was given, and stays to be looked at.

import { readSync, writeSync } from 'node:fs';
import { PasswordStore } from '../password-store.ts';
import { SealedStore } from '../sealed/sealed-store.ts';

const [scene = '', pin = ''] = process.argv.slice(2);
const { gc } = globalThis;
const step = Buffer.alloc(1);

const say = (word: string): void => {
  writeSync(1, `${word}\n`);
  readSync(0, step);
};

const useBytes = (store: Pick<PasswordStore, 'getPassword' | 'setPassword'>): void => {
  for (let times = 0; times < 50; times++) {
    const secret = store.getPassword('zap', 'user');
    if (secret === undefined) throw new Error('the secret is not there');
    store.setPassword('zap', `copy ${times}`, secret);
    if (times === 49) say('held');
    secret.fill(0);
  }
};

const scenes: Readonly<Record<string, () => void>> = {
  bytes: () => useBytes(new PasswordStore()),
  sealed: () => useBytes(new SealedStore({ pin })),
  string: () => {
    const text = new PasswordStore().getText('zap', 'user');
    if (text === undefined) throw new Error('the secret is not there');
    say('held');
  },
};

scenes[scene]?.();
for (let times = 0; times < 5; times++) await gc?.({ type: 'major', execution: 'async' });
say('zeroed');

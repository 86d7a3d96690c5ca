// The process behind Peer.

import { createInterface } from 'node:readline';
import * as keyctl from '../keyctl.ts';
import { PasswordStore } from '../password-store.ts';
import { SealedStore } from '../sealed/sealed-store.ts';
import type { PeerAnswer, PeerRequest } from './peer.ts';

const [pin = ''] = process.argv.slice(2);
const targets = {
  plain: new PasswordStore(),
  sealed: pin === '' ? undefined : new SealedStore({ pin }),
  keyctl,
} as unknown as Readonly<Record<string, Readonly<Record<string, (...args: readonly unknown[]) => unknown>>>>;

/** `{ hex }` stands for bytes, in both directions. */
const decode = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'hex' in value ? Buffer.from(String(value.hex), 'hex') : value;
const encode = (value: unknown): unknown =>
  value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value;

const answer = ({ on, method, args }: PeerRequest): PeerAnswer => {
  try {
    const target = targets[on];
    const run = target?.[method];
    if (target === undefined || run === undefined) throw new Error(`there is no ${on}.${method}`);
    return { value: encode(run.apply(target, args.map(decode))) };
  } catch (error) {
    return { code: (error as { code?: string }).code ?? String(error) };
  }
};

const say = (value: PeerAnswer): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

say({ value: 'ready' });
for await (const line of createInterface({ input: process.stdin })) say(answer(JSON.parse(line)));

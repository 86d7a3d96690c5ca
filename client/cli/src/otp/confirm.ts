// `chatelaine otp confirm`, which an enrolment at a terminal does at once, and `resync`.

import { type Client, hotp, totp, yubiotp } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';
import { holderOf, type KindOptions, type Named, namedOf } from './kind.ts';
import { readCode, readCodes } from './read-codes.ts';

const show = async (client: Client, { kind, user, credential }: Named, way: 'confirm' | 'resync'): Promise<void> => {
  if (kind === 'yubikey') {
    const input = { ...holderOf(user), publicId: credential, otp: await readCode() };
    answerOf(await client.call(yubiotp[way], input), user);
    return;
  }
  const codes = await readCodes(kind === 'hotp' || way === 'resync' ? 2 : 1);
  const input = { user, credential, codes };
  answerOf(kind === 'totp' ? await client.call(totp[way], input) : await client.call(hotp[way], input), user);
};

/** Asks for codes of a new credential; without a terminal, says how that is done later. */
export const confirmShown = async (client: Client, named: Named): Promise<void> => {
  const { kind, user, credential } = named;
  if (!process.stdin.isTTY) {
    const name = credential === 'default' ? '' : ` ${credential}`;
    say(`It counts once it is confirmed: chatelaine otp confirm ${user}${name} --${kind}`);
    return;
  }
  say(kind === 'hotp' ? 'Two codes of it, one after the other:' : 'A code of it:');
  for (;;) {
    try {
      await show(client, named, 'confirm');
      return say('Confirmed: it counts from now on.');
    } catch (error) {
      if (!(error instanceof Failure) || error.exit !== 'refused') throw error;
      say(`${error.message} Once more, or Ctrl-C:`);
    }
  }
};

export const confirm = (user: string, credential: string, options: GlobalOptions & KindOptions): Promise<void> =>
  askKeep(options, async (client) => {
    await show(client, namedOf(user, credential, options), 'confirm');
    say('Confirmed: it counts from now on.');
  });

export const resync = (user: string, credential: string, options: GlobalOptions & KindOptions): Promise<void> =>
  askKeep(options, async (client) => {
    await show(client, namedOf(user, credential, options), 'resync');
    say('Found: it counts from the codes that you gave.');
  });

// `chatelaine otp export`: seeds as otpauth URIs, a line each, for another system. Each stands in the record as handed out.

import { type Client, hotp, totp } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { print, say } from '../terminal/output.ts';
import { Progress } from '../terminal/progress.ts';
import { type ListedCredential, listCredentials } from './list-credentials.ts';
import { otpauthUri } from './otpauth-uri.ts';

export interface ExportOptions extends GlobalOptions {
  readonly issuer: string;
  readonly yes?: boolean;
}

const uriOf = async (client: Client, { kind, user, credential }: ListedCredential, issuer: string): Promise<string> => {
  const given = { user, credential };
  const shown =
    kind === 'totp'
      ? { counter: 0, ...answerOf(await client.call(totp.exportSeed, given), `${user} ${credential}`) }
      : { periodSeconds: 30, ...answerOf(await client.call(hotp.exportSeed, given), `${user} ${credential}`) };
  try {
    return otpauthUri(shown.seed, { kind, issuer, account: user, credential, ...shown });
  } finally {
    shown.seed.fill(0);
  }
};

export const exportCredentials = (user: string, options: ExportOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const all = await listCredentials(client, user === '' ? undefined : user);
    const wanted = all.filter(({ state }) => state !== 'unconfirmed');
    if (wanted.length === 0) return say('There are none.');
    await confirm(`Print the seeds of ${wanted.length} credentials?`, options.yes === true);
    const progress = new Progress();
    for (const [at, one] of wanted.entries()) {
      await print(`${await uriOf(client, one, options.issuer)}\n`);
      progress.show(() => `${at + 1} of ${wanted.length} seeds handed out`);
    }
    progress.end();
    say(`${wanted.length} seeds were handed out; each is on record.`);
  });

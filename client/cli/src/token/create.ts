// `chatelaine token create`: the one time a token is shown.

import { randomUUID } from 'node:crypto';
import { type InputOf, tokens } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { writeSecret } from '../keyring/write-secret.ts';
import { parseDurationOption } from '../machine/duration-option.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment } from '../terminal/moment.ts';
import { printJson, say } from '../terminal/output.ts';

export interface CreateOptions extends GlobalOptions {
  readonly expires: string;
  readonly grant: readonly string[];
  readonly group: readonly string[];
  readonly json?: boolean;
}

type NewGrants = InputOf<typeof tokens.create>['grants'];

const grantsOf = (typed: readonly string[]): NewGrants =>
  typed.map((text) => {
    const at = text.indexOf(':');
    if (at < 1 || at === text.length - 1) {
      throw new Failure('usage', '--grant is not CAPABILITY:PATH.', 'Write it like machines.read:zurich/**');
    }
    return { capability: text.slice(0, at), path: text.slice(at + 1) };
  });

export const createToken = (name: string, options: CreateOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const input = {
      name,
      expiresInMs: options.expires === 'never' ? null : parseDurationOption(options.expires, '--expires'),
      groups: [...options.group],
      grants: grantsOf(options.grant),
    };
    const { token, expiresAtUnixMs } = answerOf(
      await client.call(tokens.create, input, { requestId: randomUUID() }),
      name,
    );
    try {
      if (options.json === true) {
        // JSON has no other way than a string.
        await printJson({ name, token: Buffer.from(token).toString(), expiresAtUnixMs });
      } else {
        writeSecret(token);
        writeSecret(Buffer.of(0x0a));
        say(expiresAtUnixMs === undefined ? 'It does not expire.' : `It expires ${formatMoment(expiresAtUnixMs)}.`);
        say('It is not shown again.');
      }
    } finally {
      token.fill(0);
    }
  });

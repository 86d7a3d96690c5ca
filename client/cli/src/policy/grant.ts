// `chatelaine policy grant | revoke`: one grant.

import { randomUUID } from 'node:crypto';
import { policy } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { parseDurationOption } from '../machine/duration-option.ts';
import { answerOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';

export interface GrantOptions extends GlobalOptions {
  readonly expires?: string;
}

export const grant = (principal: string, capability: string, path: string, options: GrantOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const end =
      options.expires === undefined ? undefined : Date.now() + parseDurationOption(options.expires, '--expires');
    const input = { principal, capability, path, ...(end !== undefined && { expiresAtUnixMs: end }) };
    const { changed } = answerOf(await client.call(policy.grant, input, { requestId: randomUUID() }));
    say(changed ? 'Granted.' : 'That was granted before.');
  });

export const revoke = (principal: string, capability: string, path: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(policy.revoke, { principal, capability, path }, { requestId: randomUUID() }));
    say('Revoked.');
  });

// `chatelaine token revoke`

import { randomUUID } from 'node:crypto';
import { tokens } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';

export const revokeToken = (name: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { changed } = answerOf(await client.call(tokens.revoke, { name }, { requestId: randomUUID() }), name);
    say(changed ? 'The token is revoked.' : 'The token was revoked before.');
  });

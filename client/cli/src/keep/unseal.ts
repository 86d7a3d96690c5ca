// `chatelaine unseal`: opens the keep with the secret of one key slot.

import { system } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { printJson, say } from '../terminal/output.ts';
import { readPassPhrase, readSecretFile } from '../terminal/secret-input.ts';

/** A pass phrase is hashed slowly on purpose. */
const UNSEAL_DEADLINE_MS = 120_000;

export interface UnsealOptions extends GlobalOptions {
  readonly keyFile?: string;
  readonly json?: boolean;
}

export const unsealKeep = (options: UnsealOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const status = answerOf(await client.call(system.status, {}));
    // Asking a person for a pass phrase that is not needed would be rude, and teaches them to type it anywhere.
    if (!status.sealed) answerOf({ kind: 'refused', code: 'not-sealed' });
    const { keyFile } = options;
    const secret =
      keyFile === undefined
        ? await readPassPhrase({ name: 'pass phrase', isNew: false })
        : await readSecretFile(keyFile);
    try {
      const kind = keyFile === undefined ? 'pass-phrase' : 'key-file';
      const opened = answerOf(await client.call(system.unseal, { kind, secret }, { deadlineMs: UNSEAL_DEADLINE_MS }));
      if (options.json === true) await printJson(opened);
      else say('The keep is open.');
    } finally {
      secret.fill(0);
    }
  });

// `chatelaine password settings [FILE]`: the options and profiles for all passwords.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { checkInput, passwords } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { print, say } from '../terminal/output.ts';

const readSettings = (file: string): unknown => {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new Failure('input', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure('input', `${file} is not JSON; nothing was changed.`);
  }
};

export const passwordSettings = (file: string | undefined, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    if (file === undefined) {
      const settings = answerOf(await client.call(passwords.settings, {}));
      return await print(`${JSON.stringify(settings, undefined, 2)}\n`);
    }
    const checked = checkInput(passwords.configure, readSettings(file));
    if (checked.kind === 'refused') {
      throw new Failure(
        'input',
        `${file}: ${checked.field ?? ''} ${checked.message ?? 'is wrong'}; nothing was changed.`,
      );
    }
    answerOf(await client.call(passwords.configure, checked.value, { requestId: randomUUID() }));
    say('The settings hold for every password that is made from now on.');
  });

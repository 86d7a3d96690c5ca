// `chatelaine approver add | remove | list`: the people who may be named to approve, each with an SSH public key.

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const LINE = /^\S+ [A-Za-z0-9+/]+={0,2}( .*)?$/;

const readPublicKey = async (file: string): Promise<string> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure('input', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [line = ''] = lines;
  if (lines.length === 1 && LINE.test(line.trimEnd())) return line.trimEnd();
  if (text.includes('PRIVATE KEY')) {
    throw new Failure('input', `${file} is a private key, which nobody else may have.`, `It is about ${file}.pub.`);
  }
  throw new Failure('input', `${file} is not one line as in a .pub file of ssh-keygen.`);
};

export const addApprover = (name: string, file: string, options: GlobalOptions & { json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const publicKey = await readPublicKey(file);
    const answer = answerOf(
      await client.call(machines.addApprover, { name, publicKey }, { requestId: randomUUID() }),
      name,
    );
    if (options.json === true) return await printJson({ name, ...answer });
    const instead = answer.replaced ? ', in place of the earlier key' : '';
    say(`${name} may be named to approve, with the key ${answer.fingerprint}${instead}.`);
  });

export const removeApprover = (name: string, options: GlobalOptions & { readonly yes?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    await confirm(`Take ${name} off the approvers?`, options.yes === true);
    answerOf(await client.call(machines.removeApprover, { name }, { requestId: randomUUID() }), name);
    say(`${name} is no approver any more; what ${name} signed and still waits does not count.`);
  });

export const listApprovers = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const answer = answerOf(await client.call(machines.approvers, {}));
    const approvers = answer.approvers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (options.json === true) return await printJson(approvers);
    if (approvers.length === 0) return say('Nobody is known who may approve.');
    const rows = approvers.map(({ name, publicKey, fingerprint }) => {
      const [type = '', , ...comment] = publicKey.split(' ');
      return [name, type, fingerprint, comment.join(' ')];
    });
    const columns = [{ title: 'NAME' }, { title: 'TYPE' }, { title: 'KEY' }, { title: 'COMMENT', isFlexible: true }];
    await print(formatTable(columns, rows, terminalWidth()));
  });

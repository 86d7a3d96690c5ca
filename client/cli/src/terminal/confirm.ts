// Asks before what cannot be undone. Only on a terminal: a script says --yes.

import { once } from 'node:events';
import { Failure } from '../failure.ts';

/** Ends the command unless the person says yes. */
export const confirm = async (question: string, isConfirmed: boolean): Promise<void> => {
  if (isConfirmed) return;
  if (!process.stdin.isTTY) throw new Failure('usage', 'This has to be confirmed.', 'Repeat it with --yes.');
  process.stderr.write(`${question} [y/N] `);
  process.stdin.resume();
  const [typed] = (await Promise.race([once(process.stdin, 'data'), once(process.stdin, 'end')])) as [Buffer?];
  process.stdin.pause();
  if (!/^y(es)?\s*$/i.test(typed?.toString() ?? '')) throw new Failure('refused', 'Nothing was changed.');
};

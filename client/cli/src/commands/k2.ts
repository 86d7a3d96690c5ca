// `chatelaine k2`

import type { Command } from 'commander';
import type { JoinOptions } from '../k2/join-gate.ts';
import { action } from './action.ts';

export const registerK2 = (program: Command): void => {
  program
    .command('k2')
    .summary('speak the k2ksm line protocol')
    .description(
      'Joins standard input and output to the gate of this machine, which speaks the k2ksm line protocol there (front "k2"). ' +
        'Made to be the forced command of an SSH key: what the client may do is what was granted to the token. ' +
        'Without a token it may do nothing but look around.',
    )
    .option('--token <FILE>', 'speak in the name of the token in this file')
    .option('--socket <FILE>', 'where the gate listens (default: as --config or --dir say, else its standard place)')
    .action(action<JoinOptions>(async (options) => (await import('../k2/join-gate.ts')).joinGate(options)));
};

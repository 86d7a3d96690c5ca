// What is to be done to look at a machine: a command for the shell, a check that is built in, or nothing.

import { machines } from '@chatelaine/contract';
import { formatChecker } from './format-checker.ts';
import { isHostName, sshHostKeyCommand } from './ssh-host-key-command.ts';

/** A check as it is begun; the number is given to it then. */
export type CheckerOrder =
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'tls-key'; readonly host: string; readonly port: number; readonly keySha256: string }
  /** Nothing can be begun, and why, in words without the checker's own text. */
  | { readonly kind: 'wrong'; readonly why: string };

/** Whether a machine is looked at by us at all: it may say itself that it is alive, or nobody asks. */
export const isLookedAt = ({ checker }: machines.WatchedMachine): boolean =>
  checker.trim() !== '' && machines.parseBuiltInChecker(checker)?.kind !== 'heartbeat';

const notAHost = { kind: 'wrong', why: 'its host is not the name or address of a host' } as const;

/** What to do for a machine that is looked at. */
export const checkerOrder = ({ checker, host, values }: machines.WatchedMachine): CheckerOrder => {
  if (!machines.isBuiltInChecker(checker)) {
    const formatted = formatChecker(checker, values);
    return formatted.kind === 'wrong' ? formatted : { kind: 'run', command: formatted.command };
  }
  const builtIn = machines.parseBuiltInChecker(checker);
  if (builtIn === undefined || builtIn.kind === 'heartbeat') return { kind: 'wrong', why: 'it is no built-in check' };
  if (!isHostName(host)) return notAHost;
  if (builtIn.kind === 'ssh-host-key') return { kind: 'run', command: sshHostKeyCommand(host, builtIn) };
  return { kind: 'tls-key', host, port: builtIn.port, keySha256: builtIn.keySha256 };
};

// What is treated differently of a machine that is taken over from Mandos, and why.

import { machines } from '@chatelaine/contract';
import { unknownCheckerValues } from '../machine/checker-values.ts';
import type { Problem } from './problem.ts';

/** A machine and where its options stand. */
export interface PlacedMachine {
  readonly machine: machines.NewMachine;
  /** The place of an option, and what is to be said about it. */
  readonly say: (option: string | undefined, message: string) => Problem;
  readonly isSet: (option: string) => boolean;
}

// What mandos-keygen writes: it asks the machine for its key and looks for the one it knows.
const SCANNED_KEY = /ssh-keyscan .*\b((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]{16,}={0,2})/;

const aboutChecker = ({ machine, say }: PlacedMachine): readonly Problem[] => {
  const { name, settings } = machine;
  const unknown = unknownCheckerValues(settings.checker);
  if (unknown.length > 0) {
    const values = unknown.map((value) => `%(${value})s`).join(', ');
    return [
      say('checker', `asks for ${values}, which no machine has; Mandos gives up in silence, here the check fails`),
    ];
  }
  const [, type, key] = SCANNED_KEY.exec(settings.checker) ?? [];
  if (type === undefined || machines.parseBuiltInChecker(`@ssh-host-key ${type} ${key}`) === undefined) return [];
  const instead = `chatelaine machine set ${name} --checker '@ssh-host-key ${type} ${key}'`;
  return [say('checker', `only compares a key that anybody can show; to have it proved: ${instead}`)];
};

/** What is worth knowing about one machine. */
export const explainMachine = (placed: PlacedMachine): readonly Problem[] => {
  const { machine, say, isSet } = placed;
  const lines = [...aboutChecker(placed)];
  if (isSet('secfile') && !isSet('secret'))
    lines.push(say('secfile', 'was read once; what becomes of the file later is not seen'));
  if (!machine.settings.approvedByDefault && machine.settings.approvalDelayMs === 0) {
    lines.push(say('approved_by_default', 'has no effect without "approval_delay", as in Mandos'));
  }
  return lines;
};

/** What goes for every machine that is taken over. */
export const aboutEveryMachine: readonly string[] = [
  'The rules of liveness stay those of Mandos, so that each secret handed out and each start of the server gives time ' +
    'anew; chatelaine machine harden puts machines under the strict ones.',
  'Checkers run on this server as an account of their own that may do nothing else, not as the one that keeps secrets.',
];

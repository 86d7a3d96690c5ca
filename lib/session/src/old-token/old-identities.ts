// What the old tokens were bound to: three rules, the newest first. All parts are joined without separators, and only letters
// and digits are kept.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { readProcessEntry } from '../process-entry.ts';
import { readSurroundings } from '../surroundings.ts';

/** Which rule a token was made by. */
export type OldGeneration = '2020' | 'March 2019' | 'February 2019';

/** What the three rules look at. */
export interface OldSurroundings {
  readonly bootId: string;
  readonly loginName: string;
  /** The variable USER. */
  readonly user: string;
  readonly hostName: string;
  /** What `last reboot` prints; empty if there is no such program. */
  readonly lastReboot: string;
  /** The pids above this process, the nearest first. */
  readonly ancestors: readonly number[];
}

const MAX_ANCESTORS = 64;
const LAST_REBOOT_CHARACTERS = 40;

const alphanumeric = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '');

/** Every identity that a token of this place may be bound to, in the order to try them. */
export const oldIdentities = (
  here: OldSurroundings,
): readonly { readonly generation: OldGeneration; readonly identity: string }[] => {
  const { bootId, loginName, user, hostName, lastReboot, ancestors } = here;
  const reboot = alphanumeric(lastReboot).slice(0, LAST_REBOOT_CHARACTERS);
  const march = alphanumeric(bootId + loginName + hostName);
  const newest = alphanumeric(user + hostName);
  return [
    ...[...new Set([reboot, ''])].map((start) => ({ generation: '2020', identity: start + newest }) as const),
    { generation: 'March 2019', identity: march },
    ...ancestors.map((pid) => ({ generation: 'February 2019', identity: `${pid}${march}` }) as const),
  ];
};

const readAncestors = (): readonly number[] => {
  const ancestors: number[] = [];
  let pid = process.ppid;
  while (pid > 1 && ancestors.length < MAX_ANCESTORS) {
    ancestors.push(pid);
    pid = readProcessEntry(pid)?.parent ?? 0;
  }
  return ancestors;
};

const lastReboot = async (): Promise<string> => {
  try {
    return (
      await promisify(execFile)('last', ['reboot'], { timeout: 5_000, env: { LC_ALL: 'C', PATH: process.env.PATH } })
    ).stdout;
  } catch {
    return '';
  }
};

/** getlogin(3), and without a login the variable USER, as the old program's runtime did. */
const loginName = (): string => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const getlogin = koffi.load('libc.so.6').func('const char *getlogin(void)');
  return (getlogin() as string | null) ?? process.env['USER'] ?? '';
};

/** Looks around, as the old rules did. */
export const readOldSurroundings = async (): Promise<OldSurroundings> => ({
  bootId: readSurroundings().bootId,
  loginName: loginName(),
  user: process.env['USER'] ?? '',
  hostName: hostname(),
  lastReboot: await lastReboot(),
  ancestors: readAncestors(),
});

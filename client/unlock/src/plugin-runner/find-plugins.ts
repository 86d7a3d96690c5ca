// Which files of a directory are plugins: regular ones that may be executed, but for what editors and dpkg leave behind.
// plugin-runner(8mandos), run-parts(8)

import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';

/** The account that plugins run as. */
export interface PluginAccount {
  readonly uid: number;
  readonly gid: number;
}

/** A program that may give the password. */
export interface Plugin {
  readonly name: string;
  readonly file: string;
  /** Whether it is a script of root's with the set-user-ID bit: for programs the kernel heeds that bit, for scripts it does not. */
  readonly isScriptOfRoot: boolean;
}

const leftBehind = /^\.|^#.*#$|~$|\.dpkg-(?:new|old|bak|divert)$/s;
const SET_USER_ID = 0o4000;

const mayExecute = ({ mode, uid, gid }: Stats, account: PluginAccount): boolean => {
  if (account.uid === 0) return (mode & 0o111) !== 0;
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0;
};

const isScript = (file: string): boolean => {
  const beginning = Buffer.alloc(2);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, beginning);
    return beginning.toString('latin1') === '#!';
  } finally {
    closeSync(descriptor);
  }
};

const look = (directory: string, name: string, account: PluginAccount): Plugin | undefined => {
  const file = path.join(directory, name);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || !mayExecute(stats, account)) return undefined;
  const isMarked = stats.uid === 0 && (stats.mode & SET_USER_ID) !== 0;
  return { name, file, isScriptOfRoot: isMarked && isScript(file) };
};

/** The plugins in the order of their names. Throws what the system says if the directory cannot be read. */
export const findPlugins = (directory: string, account: PluginAccount): readonly Plugin[] =>
  readdirSync(directory)
    .filter((name) => !leftBehind.test(name))
    .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map((name) => look(directory, name, account))
    .filter((plugin) => plugin !== undefined);

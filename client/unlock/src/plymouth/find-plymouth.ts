// Whether the boot splash has the screen. plymouthd(8)

import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';

const isReadable = (file: string): boolean => {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

const nameOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
};

/** Whether its daemon runs, as far as this account can see. */
export const isPlymouthRunning = (): boolean =>
  isReadable('/run/plymouth/pid') ||
  readdirSync('/proc').some((name) => /^\d+$/.test(name) && nameOf(name) === 'plymouthd');

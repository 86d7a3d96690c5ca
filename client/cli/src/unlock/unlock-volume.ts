// `chatelaine unlock VOLUME`: opens a volume of crypttab after the boot with the machine's password. systemd opens it, with the options of
// its line, and asks the person if the server gives nothing or what it gives does not fit.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ExitName } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { cachePassword } from './cache-password.ts';
import { findCrypttabEntry } from './crypttab.ts';

const ATTACH = [
  '/usr/lib/systemd/systemd-cryptsetup',
  '/lib/systemd/systemd-cryptsetup',
  '/usr/bin/systemd-cryptsetup',
];
const MAX_PASSWORD_BYTES = 2_048;

export interface UnlockOptions {
  readonly crypttab: string;
  /** What prints the password. */
  readonly program?: string;
  /** Seconds that it may take. */
  readonly wait: string;
}

/** What comes with Chatelaine and asks its servers with the keys of the boot image. */
const machinePassword = (): string =>
  path.join(path.dirname(path.dirname(process.argv[1] ?? '')), 'integrations/boot/machine-password');

/** What the program prints; `undefined` if it fails or takes too long, which it has said itself. */
const fetchPassword = (program: string, waitMs: number): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, [], { stdio: ['ignore', 'pipe', 'inherit'], timeout: waitMs });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.once('error', ({ message }) =>
      reject(new Failure('configuration', `${program} cannot be started: ${message}`)),
    );
    child.once('close', (code) => {
      const whole = Buffer.allocUnsafeSlow(parts.reduce((size, part) => size + part.length, 0));
      let at = 0;
      for (const part of parts) {
        at += part.copy(whole, at);
        part.fill(0);
      }
      if (code !== 0) whole.fill(0);
      resolve(code === 0 ? whole : undefined);
    });
  });

const readCrypttab = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure('configuration', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
};

const attach = (program: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });

export const unlockVolume = async (volume: string, options: UnlockOptions): Promise<ExitName> => {
  if (process.geteuid?.() !== 0) throw new Failure('refused', 'Only root can open a volume.');
  if (!/^[1-9]\d{0,4}$/.test(options.wait)) throw new Failure('usage', '--wait must be a whole number of seconds.');
  const entry = findCrypttabEntry(readCrypttab(options.crypttab), volume);
  if (entry === undefined) throw new Failure('input', `${options.crypttab} has no volume ${volume}.`);
  const program = ATTACH.find((file) => existsSync(file));
  if (program === undefined)
    throw new Failure('configuration', 'systemd-cryptsetup is missing.', 'apt-get install systemd');
  const password = await fetchPassword(options.program ?? machinePassword(), Number(options.wait) * 1000);
  if (password === undefined) {
    process.stderr.write('chatelaine: the server gives no password, so that it has to be typed\n');
  } else {
    try {
      // The kernel's list of passwords has zero bytes between them.
      if (password.includes(0) || password.length > MAX_PASSWORD_BYTES) {
        throw new Failure(
          'refused',
          'systemd cannot be told this password.',
          'have it taken from a socket: docs/boot.md',
        );
      }
      cachePassword(password);
    } finally {
      password.fill(0);
    }
  }
  const code = await attach(
    program,
    ['attach', volume, entry.source, entry.keyFile, entry.options].filter((word) => word !== ''),
  );
  // It has said itself why not.
  return code === 0 ? 'done' : 'refused';
};

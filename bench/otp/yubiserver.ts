// Debian's yubiserver with the same keys, on a database of its own. yubiserver(1)

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Scratch } from '../../test/support/scratch.ts';
import type { ApiClient, PlayedKey } from './played-keys.ts';

const INIT = '/etc/yubiserver/yubiserver.sqlite.init';
const CLOCK_TICKS_PER_S = 100;
const ATTEMPTS = 100;

/** A running one. */
export interface Yubiserver {
  readonly port: number;
  readonly client: ApiClient;
  readonly cpuMs: () => number;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });

/** It goes into the background: its process is the one with this file among its arguments. */
const findDaemon = (file: string): number => {
  const found = readdirSync('/proc').find((name) => {
    if (!/^[0-9]+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(file);
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('yubiserver ended');
  return Number(found);
};

/** The init script is a database in some versions and SQL in others. */
const createDatabase = (file: string): DatabaseSync => {
  const isDatabase = readFileSync(INIT).subarray(0, 6).toString('latin1') === 'SQLite';
  if (isDatabase) copyFileSync(INIT, file);
  const db = new DatabaseSync(file);
  if (!isDatabase) db.exec(readFileSync(INIT, 'utf8'));
  return db;
};

export const startYubiserver = async (scratch: Scratch, keys: readonly PlayedKey[]): Promise<Yubiserver> => {
  const directory = scratch.directory();
  // Started as root it becomes an account of its own, which has to write journals here.
  chmodSync(directory, 0o777);
  const file = path.join(directory, 'yubiserver.sqlite');
  // Its keys are 20 characters of text.
  const secret = Buffer.from(randomBytes(10).toString('hex'), 'latin1');
  const db = createDatabase(file);
  db.exec('BEGIN');
  const add = db.prepare(
    'INSERT INTO yubikeys (nickname, publicname, created, internalname, aeskey, active, counter, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  for (const { publicId, privateId, key } of keys) {
    add.run(
      publicId,
      publicId,
      '2026-01-01T00:00:00Z',
      Buffer.from(privateId).toString('hex'),
      Buffer.from(key).toString('hex'),
      ...[1, 0, 0],
    );
  }
  db.prepare('INSERT INTO apikeys (nickname, secret, id) VALUES (?, ?, ?)').run('bench', secret.toString('latin1'), 1);
  db.exec('COMMIT');
  db.close();
  chmodSync(file, 0o666);
  const port = 20_000 + (process.pid % 20_000);
  const args = ['--database', file, '--port', String(port), '--logfile', path.join(directory, 'log')];
  spawn('yubiserver', args, { stdio: 'ignore' });
  for (let attempt = 0; !(await answers(port)); attempt++) {
    if (attempt === ATTEMPTS) throw new Error('yubiserver does not listen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const pid = findDaemon(file);
  scratch.atEnd(() => process.kill(pid, 'SIGKILL'));
  const cpuMs = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / CLOCK_TICKS_PER_S;
  };
  return { port, client: { id: 1, secret }, cpuMs };
};

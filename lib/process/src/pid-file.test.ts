import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { libc } from './libc.ts';
import { AlreadyRunningError, writePidFile } from './pid-file.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'chatelaine-pid-'));
after(() => rmSync(scratch, { recursive: true }));
let count = 0;
const newPath = (): string => {
  count += 1;
  return path.join(scratch, `${count}.pid`);
};

const programFor = (file: string): string => `
  import { writePidFile } from ${JSON.stringify(import.meta.resolve('./pid-file.ts'))};
  writePidFile(${JSON.stringify(file)});
  process.stdout.write('held');
  setInterval(() => {}, 1000);`;

/** A live process that holds `file`. */
const startHolder = async (file: string) => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', programFor(file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
};

describe('the PID file', () => {
  test('holds the id of the process, is readable by all whatever the umask, and goes with it', () => {
    const file = newPath();
    const before = process.umask(0o077);
    const held = writePidFile(file);
    process.umask(before);
    assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
    assert.equal(statSync(file).mode & 0o7777, 0o644);
    held.remove();
    held.remove();
    assert.equal(existsSync(file), false);
  });

  test('a second process is refused while the first lives, and replaces it when it was killed', async () => {
    const file = newPath();
    const holder = await startHolder(file);
    assert.throws(
      () => writePidFile(file),
      (error) => error instanceof AlreadyRunningError && error.pid === holder.pid,
    );
    assert.equal(readFileSync(file, 'utf8'), `${holder.pid}\n`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const held = writePidFile(file);
    assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
    held.remove();
  });

  test('a number that now belongs to another process, or is none, is stale', () => {
    for (const left of [`${process.ppid}\n`, '1\n', '999999999\n', 'x', '', '-1', '12345678901234567890']) {
      const file = newPath();
      writeFileSync(file, left);
      writePidFile(file).remove();
    }
  });

  test('a stranger who locks the file does not keep the process from starting', () => {
    const file = newPath();
    writeFileSync(file, '999999999\n');
    const stranger = openSync(file, 'r');
    assert.equal(libc().flock(stranger, 2), 0);
    const held = writePidFile(file);
    assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
    held.remove();
    closeSync(stranger);
  });

  test('a file that was replaced by hand is not removed by its former holder', () => {
    const file = newPath();
    const held = writePidFile(file);
    rmSync(file);
    writeFileSync(file, 'another');
    held.remove();
    assert.equal(readFileSync(file, 'utf8'), 'another');
  });

  test('a symbolic link is not followed', () => {
    const file = newPath();
    writeFileSync(`${file}.target`, 'left alone');
    symlinkSync(`${file}.target`, file);
    assert.throws(() => writePidFile(file), { code: 'ELOOP' });
    assert.equal(readFileSync(`${file}.target`, 'utf8'), 'left alone');
  });
});

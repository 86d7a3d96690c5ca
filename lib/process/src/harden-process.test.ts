import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { processFlags, processVariables, removedVariables } from './launch-settings.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'chatelaine-harden-'));
after(() => rmSync(scratch, { recursive: true }));

/** Runs a program with this library as `start` in a process of its own; what it prints is JSON. */
const run = (program: string, environment: NodeJS.ProcessEnv = {}) => {
  const source = `
    import * as start from ${JSON.stringify(import.meta.resolve('./index.ts'))};
    import { readdirSync, readFileSync, writeSync } from 'node:fs';
    const status = (task) => readFileSync('/proc/self/task/' + task + '/status', 'utf8');
    const tasks = () => readdirSync('/proc/self/task').map(status);
    const tell = (value) => writeSync(1, JSON.stringify(value));
    ${program}`;
  const file = path.join(scratch, 'program.mjs');
  writeFileSync(file, source);
  const ended = spawnSync(process.execPath, [file, '--ready-fd', '3', 'an argument'], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  assert.equal(ended.status, 0, ended.stderr);
  return { told: JSON.parse(ended.stdout), kept: ended.output[3] };
};

describe('hardening', () => {
  test('no core dump, and files for the account alone', () => {
    const { told } = run(`
      start.hardenProcess();
      tell({ limits: readFileSync('/proc/self/limits', 'utf8'), umask: process.umask() });`);
    assert.match(told.limits, /^Max core file size\s+0\s+0\s/m);
    assert.equal(told.umask, 0o077);
  });

  test('doing it twice changes nothing', () => {
    run('start.hardenProcess(); start.hardenProcess(); tell(true);');
  });
});

describe('giving up new privileges', () => {
  test('every thread has given them up, with the same arguments, the launcher settings, and the descriptor that was named', () => {
    const { told, kept } = run(
      `
      start.withoutNewPrivileges();
      writeSync(3, 'kept');
      tell({ tasks: tasks(), argv: process.argv.slice(2), flags: process.execArgv, environment: process.env, pid: process.pid });`,
      { SSLKEYLOGFILE: '/tmp/keys', GNUTLS_DEBUG_LEVEL: '9', KEPT: 'yes' },
    );
    assert.ok(told.tasks.length > 1);
    for (const status of told.tasks) assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.deepEqual(told.argv, ['--ready-fd', '3', 'an argument']);
    for (const flag of processFlags) assert.ok(told.flags.includes(flag), flag);
    assert.equal(told.environment.MALLOC_ARENA_MAX, '1');
    assert.equal(told.environment.KEPT, 'yes');
    for (const name of [...removedVariables, 'CHATELAINE_STARTED_AGAIN'])
      assert.equal(told.environment[name], undefined, name);
    assert.equal(kept, 'kept');
  });

  test('a process that was started without them is not started again', () => {
    const source = `import { withoutNewPrivileges } from ${JSON.stringify(import.meta.resolve('./harden-process.ts'))};
      withoutNewPrivileges(); console.log(process.execArgv.join(' '));`;
    const ended = spawnSync('setpriv', ['--no-new-privs', process.execPath, '--input-type=module', '--eval', source], {
      encoding: 'utf8',
    });
    assert.equal(ended.status, 0, ended.stderr);
    assert.doesNotMatch(ended.stdout, /semi-space/);
  });
});

describe('the launcher', () => {
  const launcher = readFileSync(new URL('../../../bin/launch', import.meta.url), 'utf8');

  test('starts a process with the same settings as the library does', () => {
    for (const flag of processFlags) assert.ok(launcher.includes(` ${flag} `), flag);
    for (const [name, value] of Object.entries(processVariables))
      assert.ok(launcher.includes(`export ${name}=${value}\n`), name);
    const removed = /^unset ([\s\S]*?[^\\])\n/m.exec(launcher)?.[1]?.split(/[\s\\]+/);
    assert.deepEqual(removed, removedVariables);
  });
});

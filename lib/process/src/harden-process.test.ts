import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { processFlags, processVariables, removedVariables } from './launch-settings.ts';

/** Runs a program with this library as `start` in a process of its own; what it prints is JSON. */
const run = (
  program: string,
  { flags = [], environment = {} }: { flags?: string[]; environment?: NodeJS.ProcessEnv } = {},
) => {
  const source = `
    import * as start from ${JSON.stringify(import.meta.resolve('./index.ts'))};
    import { readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
    const status = (task) => readFileSync('/proc/self/task/' + task + '/status', 'utf8');
    const tasks = () => readdirSync('/proc/self/task').map(status);
    const tell = (value) => writeSync(1, JSON.stringify(value));
    ${program}`;
  const ended = spawnSync(
    process.execPath,
    [...flags, '--input-type=module', '--eval', source, 'first', 'second argument'],
    {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  assert.equal(ended.status, 0, ended.stderr);
  return { told: JSON.parse(ended.stdout), kept: ended.output[3] };
};

describe('hardening', () => {
  test('no core dump, and the memory belongs to nobody but the kernel', () => {
    const { told } = run(`
      start.hardenProcess();
      tell({ limits: readFileSync('/proc/self/limits', 'utf8'), owner: statSync('/proc/self/mem').uid, umask: process.umask() });`);
    assert.match(told.limits, /^Max core file size\s+0\s+0\s/m);
    assert.equal(told.umask, 0o077);
    assert.equal(told.owner, 0);
  });

  test('doing it twice changes nothing', () => {
    run('start.hardenProcess(); start.hardenProcess(); tell(true);');
  });
});

describe('giving up new privileges', () => {
  test('every thread has given them up, with the same arguments, the launcher settings, and the descriptor that was named', () => {
    const { told, kept } = run(
      `
      start.withoutNewPrivileges([3]);
      writeSync(3, 'kept');
      tell({ tasks: tasks(), argv: process.argv.slice(1), flags: process.execArgv, environment: process.env, pid: process.pid });`,
      {
        environment: { SSLKEYLOGFILE: '/tmp/keys', GNUTLS_DEBUG_LEVEL: '9', KEPT: 'yes' },
      },
    );
    assert.ok(told.tasks.length > 1);
    for (const status of told.tasks) assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.deepEqual(told.argv, ['first', 'second argument']);
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

// Where a session opens and where it does not: each row with real shells, terminals, users and namespaces. Rows that cannot be
// made here (a clock that is set, a suspended or cloned machine) are beside the library, with clocks of the test's own.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import type { PtyShell, Shown } from './pty-shell.ts';
import { makeSmallWorld, PASSWORD, type SmallWorld } from './small-world.ts';
import { startSshd } from './start-sshd.ts';

const KEY = 'the key of the backup';
const GET = 'chatelaine session get backup';
const PATIENCE_MS = 30_000;
/** Exit codes. */
const OTHER_SHELL = 8;
const ENDED = 9;

const scratch = new Scratch();
let world: SmallWorld;
before(async () => {
  world = await makeSmallWorld(scratch, { hasMemory: true });
});
after(() => scratch[Symbol.asyncDispose]());

/** Alice's terminal with a session that is logged in. */
const begin = async (): Promise<PtyShell> => {
  const shell = await world.terminal('alice');
  for (const line of [
    'export CHATELAINE_SESSION=$(chatelaine session token)',
    `printf %s '${KEY}' | chatelaine session login backup`,
  ]) {
    const { text, code } = await shell.run(line);
    assert.equal(code, 0, text);
  }
  return shell;
};

const tokenOf = async (shell: PtyShell): Promise<string> => (await shell.run('echo "$CHATELAINE_SESSION"')).text;

const same = (shown: Shown): void => assert.deepEqual(shown, { text: KEY, code: 0 });

/** It was refused, and neither the key nor the token was shown. */
const different = (shown: Shown, code: number, why: RegExp): void => {
  assert.equal(shown.code, code, shown.text);
  assert.match(shown.text, why);
  assert.doesNotMatch(shown.text, /sk2_|the key of/);
};

/** Waits until a command that runs elsewhere has written its whole output, which ends with its exit code. */
const written = async (file: string): Promise<Shown> => {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    await sleep(50);
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      // Not there yet.
    }
    const match = /^([\s\S]*)<(\d+)>$/.exec(text);
    if (Date.now() > until) throw new Error(`nothing more came than: ${text}`);
    if (match !== null) return { text: (match[1] ?? '').trim(), code: Number(match[2]) };
  }
};

/** Shell code that runs the command and leaves its output in that file of the common directory. */
const into = (file: string, command: string): string => `{ ${command}; printf '<%d>' $?; } > ${file} 2>&1`;

const sudo = (command: string): string => `sudo --preserve-env=CHATELAINE_SESSION,PATH ${command}`;

const inCommon = (name: string): string => path.join(world.common, name);

test('the same shell, also after it replaced itself', async () => {
  await using shell = await begin();
  same(await shell.run(GET));
  shell.type('exec bash --norc --noediting -i\n');
  await shell.settle();
  same(await shell.run(GET));
});

test('scripts, subshells and pipes of the shell are the same', async () => {
  await using shell = await begin();
  writeFileSync(inCommon('script'), `#!/bin/bash\n${GET}\n`, { mode: 0o755 });
  for (const line of [
    `(${GET})`,
    `bash -c '${GET}; true'`,
    inCommon('script'),
    `cat ${inCommon('script')} | bash`,
    `true | ${GET} | cat`,
    `echo "$(${GET})"`,
    `bash --norc -i -c '${GET}' </dev/null`,
  ]) {
    same(await shell.run(line));
  }
});

test('background jobs are the same while the shell lives, whatever session they are in', async () => {
  await using shell = await begin();
  await shell.run(`${into(inCommon('job'), GET)} & wait`);
  same(await written(inCommon('job')));
  same(await shell.run(`setsid --wait ${GET}`));
  same(await shell.run(`script --quiet --return --command '${GET}' /dev/null </dev/null`));
});

test('a job that outlives its shell gets nothing', async () => {
  const [go, out] = [inCommon('go'), inCommon('late')];
  {
    await using shell = await begin();
    await shell.run(`(trap '' HUP; until [ -e ${go} ]; do sleep 0.05; done; ${into(out, GET)}) & disown`);
  }
  writeFileSync(go, '');
  different(await written(out), OTHER_SHELL, /has ended/);
});

test('sudo is the same, and root’s logins are its user’s', async () => {
  await using shell = await begin();
  same(await shell.run(sudo(GET)));
  different(await shell.run(`sudo "$(command -v chatelaine)" session get backup`), 7, /CHATELAINE_SESSION is not set/);
  assert.equal((await shell.run(`printf %s other | ${sudo('chatelaine session login mail')}`)).code, 0);
  assert.deepEqual(await shell.run('chatelaine session get'), { text: 'other', code: 0 });
  assert.equal((await shell.run(`find /run/user/2001 ! -user alice`)).text, '');
});

test('another user is different, in the same terminal too', async () => {
  for (const command of ['su bob', 'su - bob', `${sudo('su bob')}`]) {
    await using shell = await begin();
    const [token, path] = [await tokenOf(shell), (await shell.run('echo "$PATH"')).text];
    shell.type(`${command}\n`);
    if (!command.startsWith('sudo')) {
      await shell.shows('Password: ');
      shell.type(`${PASSWORD}\n`);
    }
    await shell.shows(/\$ $/);
    shell.type('exec bash --norc --noediting -i\n');
    await shell.settle();
    assert.equal((await shell.run('id -un')).text, 'bob');
    await shell.run(`export PATH=${path} CHATELAINE_SESSION=${token}`);
    different(await shell.run(GET), ENDED, /by another user/);
  }
});

test('another terminal is different, also with the token copied', async () => {
  await using shell = await begin();
  await using other = await world.terminal('alice');
  await other.run(`export CHATELAINE_SESSION=${await tokenOf(shell)}`);
  different(await other.run(GET), OTHER_SHELL, /another shell/);
  same(await shell.run(GET));
});

test('a pane of tmux is different, and stays the same when it is detached and attached again', async () => {
  await using shell = await begin();
  const tmux = `tmux -S ${inCommon('tmux')} -f /dev/null`;
  // A server of its own, which goes on by itself.
  scratch.atEnd(() => runProgram('tmux', ['-S', inCommon('tmux'), 'kill-server']));
  const pane = async (file: string, command: string): Promise<Shown> => {
    writeFileSync(inCommon(`${file}-command`), into(inCommon(file), command));
    await shell.run(`${tmux} send-keys '. ${inCommon(file)}-command' Enter`);
    return written(inCommon(file));
  };
  assert.equal((await shell.run(`${tmux} new-session -d bash --norc`)).code, 0);
  different(await pane('pane-1', GET), OTHER_SHELL, /another shell/);
  assert.equal((await pane('pane-2', 'export CHATELAINE_SESSION=$(chatelaine session token)')).code, 0);
  assert.equal((await pane('pane-3', `printf %s "${KEY}" | chatelaine session login backup`)).code, 0);
  same(await pane('pane-4', GET));
  {
    await using other = await world.terminal('alice');
    other.type(`${tmux} attach\n`);
    while (!(await shell.run(`${tmux} list-clients`)).text.includes('/dev/pts')) await sleep(50);
    same(await pane('pane-5', GET));
    await shell.run(`${tmux} detach-client`);
    await other.shows('detached');
  }
  same(await pane('pane-6', GET));
  same(await shell.run(GET));
});

test('ssh to the same machine is different', async () => {
  await using shell = await begin();
  const token = await tokenOf(shell);
  const ssh = await startSshd(scratch, world);
  const chatelaine = (await shell.run('command -v chatelaine')).text;
  const remote = `CHATELAINE_SESSION=${token} ${chatelaine} session get backup`;
  assert.equal((await shell.run(`${ssh} id -un`)).text, 'alice');
  different(await shell.run(`${ssh} "${remote}"`), OTHER_SHELL, /another shell/);
  different(await shell.run(`${ssh} -tt "${remote}" </dev/null 2>/dev/null`), OTHER_SHELL, /another shell/);
});

test('another machine and another boot are different, even with every file of the session', async () => {
  await using shell = await begin();
  const bound = (file: string, content: string): string => {
    writeFileSync(inCommon('other'), `${content}\n`);
    return sudo(`unshare --mount sh -c 'mount --bind ${inCommon('other')} ${file} && exec ${GET}'`);
  };
  different(await shell.run(bound('/etc/machine-id', 'f'.repeat(32))), OTHER_SHELL, /another machine/);
  const boot = '/proc/sys/kernel/random/boot_id';
  different(await shell.run(bound(boot, '11111111-2222-4333-8444-555555555555')), OTHER_SHELL, /last reboot/);
  different(
    await shell.run(sudo(`unshare --mount sh -c 'mount -t tmpfs none /run/user && exec ${GET}'`)),
    ENDED,
    /before a reboot/,
  );
});

test('a container is different', async () => {
  await using shell = await begin();
  const asAlice = 'setpriv --reuid=alice --regid=alice --clear-groups';
  for (const proc of ['--mount-proc', '']) {
    const container = `unshare --pid --fork ${proc} setsid --wait`;
    different(await shell.run(sudo(`${container} ${asAlice} ${GET}`)), OTHER_SHELL, /another container/);
  }
  // Root in there sees no shell of alice's, and so does not look among her sessions.
  different(await shell.run(sudo(`unshare --pid --fork --mount-proc ${GET}`)), ENDED, /No such session/);
});

test('a machine that is renamed, or has another network, is the same', async () => {
  await using shell = await begin();
  same(await shell.run(sudo(`unshare --uts sh -c 'hostname renamed && exec ${GET}'`)));
  same(await shell.run(sudo(`unshare --net ${GET}`)));
});

test('a pid that is used again does not revive the session', async () => {
  await using shell = await begin();
  // In a pid namespace of its own the next pid can be chosen.
  const program = `
import os, subprocess, sys
def shell(last, token):
    read, write = os.pipe()
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(last))
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if token is None:
            made = subprocess.run(["chatelaine", "session", "token"], stdout=subprocess.PIPE).stdout.strip()
            os.environb[b"CHATELAINE_SESSION"] = made
            subprocess.run(["chatelaine", "session", "login", "backup"], input=b"the key")
            os.write(write, made)
            os._exit(0)
        os.environb[b"CHATELAINE_SESSION"] = token
        os._exit(subprocess.run(["chatelaine", "session", "get", "backup"]).returncode)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(write)
    return pid, os.read(read, 4096), code
first, token, _ = shell(400, None)
second, _, code = shell(first - 1, token)
print("pid used again" if first == second else "another pid", file=sys.stderr)
sys.exit(code)
`;
  writeFileSync(inCommon('reuse.py'), program);
  const shown = await shell.run(sudo(`unshare --pid --fork --mount-proc python3 ${inCommon('reuse.py')}`));
  assert.match(shown.text, /pid used again/);
  different({ ...shown, text: shown.text.replace('pid used again', '') }, OTHER_SHELL, /has ended/);
});

test('a new shell of the same kind gets a token of its own, one below keeps that of its shell', async () => {
  await using shell = await begin();
  const token = await tokenOf(shell);
  assert.equal((await shell.run('chatelaine session token | cat')).text, token);
  assert.equal(
    (await shell.run(`bash -c 'eval "$(chatelaine session token --export)"; echo $CHATELAINE_SESSION'`)).text,
    token,
  );
  await using other = await world.terminal('alice');
  await other.run(`export CHATELAINE_SESSION=${token}`);
  await other.run('eval "$(chatelaine session token --export)"');
  assert.notEqual(await tokenOf(other), token);
  assert.match(await tokenOf(other), /^sk2_[\w-]{104}$/);
});

test('whoever looks at the machine finds no key: not in arguments, not in environments', async () => {
  await using shell = await begin();
  await shell.run('{ sleep 60 & }');
  const looked = await runToSuccess('sh', ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || true']);
  assert.ok(looked.includes(await tokenOf(shell)), 'the token is where it belongs');
  for (const secret of [KEY, Buffer.from(KEY).toString('hex'), Buffer.from(KEY).toString('base64')]) {
    assert.equal(looked.includes(secret), false);
  }
});

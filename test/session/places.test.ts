// Where sessions are kept when the machine makes it hard: no memory, no room, a directory that somebody else has prepared.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { makeSmallWorld, type SmallWorld } from './small-world.ts';

const BEGIN = 'export CHATELAINE_SESSION=$(chatelaine session token)';
const LOGIN = 'printf %s "the key" | chatelaine session login backup';
const GET = 'chatelaine session get backup';

const asRoot = (world: SmallWorld, script: string): Promise<string> => {
  const [program = '', ...args] = world.enter;
  return runToSuccess(program, [...args, 'sh', '-c', script]);
};

test('without a directory in memory there is a warning, and the session still belongs to its shell', async () => {
  await using scratch = new Scratch();
  const world = await makeSmallWorld(scratch, { hasMemory: false });
  await using shell = await world.terminal('alice');
  await using other = await world.terminal('alice');
  assert.match((await shell.run(BEGIN)).text, /warning: there is no directory in memory/);
  assert.equal((await shell.run(LOGIN)).code, 0);
  assert.deepEqual(await shell.run(GET), { text: 'the key', code: 0 });
  assert.deepEqual(await shell.run(`bash -c 'setsid --wait ${GET}'`), { text: 'the key', code: 0 });
  assert.match((await shell.run('chatelaine session status')).text, /on disk/);
  const token = (await shell.run('echo $CHATELAINE_SESSION')).text;
  await other.run(`export CHATELAINE_SESSION=${token}`);
  assert.equal((await other.run(GET)).code, 8);
  assert.equal((await shell.run('chatelaine session logout')).code, 0);
  assert.equal((await shell.run(GET)).code, 9);
  assert.equal((await shell.run('find ~/.local/state -type f')).text, '');
  const homeless = await shell.run('env -u HOME XDG_STATE_HOME=/sys chatelaine session token --new > /dev/null');
  assert.match(homeless.text, /directory/);
  assert.equal(homeless.code, 4);
});

test('without a runtime directory there is shared memory, and who squats there is found out', async () => {
  await using scratch = new Scratch();
  const world = await makeSmallWorld(scratch, { hasMemory: true });
  await asRoot(world, 'rm -r /run/user/2001');
  {
    await using shell = await world.terminal('alice');
    assert.equal((await shell.run(BEGIN)).text, '');
    assert.equal((await shell.run(LOGIN)).code, 0);
    assert.deepEqual(await shell.run(GET), { text: 'the key', code: 0 });
    assert.equal((await shell.run('stat -c "%U %a" /dev/shm/chatelaine-2001')).text, 'alice 700');
    await shell.run('chatelaine session logout --all');
    await shell.run('rm -r /dev/shm/chatelaine-2001');
  }
  await using bob = await world.terminal('bob');
  await using shell = await world.terminal('alice');
  for (const prepare of ['mkdir -m 777', 'ln -s /tmp', 'touch']) {
    assert.equal((await bob.run(`${prepare} /dev/shm/chatelaine-2001`)).code, 0);
    const shown = await shell.run('chatelaine session token > /dev/null');
    assert.match(shown.text, /can be used by somebody else/);
    assert.equal(shown.code, 4);
    assert.equal((await bob.run('rm -r /dev/shm/chatelaine-2001')).code, 0);
  }
});

test('when there is no room a login is refused, what was there stays, and it recovers by itself', async () => {
  await using scratch = new Scratch();
  const world = await makeSmallWorld(scratch, { hasMemory: true });
  await asRoot(world, 'mount -t tmpfs -o size=64k,mode=700,uid=2001,gid=2001 none /run/user/2001');
  await using shell = await world.terminal('alice');
  await shell.run(BEGIN);
  assert.equal((await shell.run(LOGIN)).code, 0);
  await shell.run('dd if=/dev/zero of=/run/user/2001/full bs=4k 2>/dev/null');
  const full = await shell.run(LOGIN);
  assert.match(full.text, /no room/);
  assert.equal(full.code, 1);
  assert.deepEqual(await shell.run(GET), { text: 'the key', code: 0 });
  assert.match((await shell.run('chatelaine session token --new | cat')).text, /no room/);
  await shell.run('rm /run/user/2001/full');
  assert.equal((await shell.run(LOGIN)).code, 0);
});

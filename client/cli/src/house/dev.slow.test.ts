import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DevInstance } from '../testing/dev-instance.ts';
import { Terminal } from '../testing/run-session.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';

/** The processes whose command line names this configuration. */
const processesOf = (directory: string): readonly { readonly pid: number; readonly name: string }[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const program = words.find((word) => /main\.ts$/.test(word)) ?? '';
        const name = /(keep|gate|check|watch)\/(?:src\/)?main\.ts$/.exec(program)?.[1] ?? '';
        return words.includes(`${directory}/chatelaine.toml`) ? [{ pid: Number(pid), name }] : [];
      } catch {
        return [];
      }
    });

const allGone = async (directory: string): Promise<void> => {
  while (processesOf(directory).length > 0) await sleep(50);
};

test('it prints one line when it is ready, and after SIGTERM or SIGINT ends with 0 and leaves no process', async () => {
  using scratch = new ScratchDirectory();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const instance = await DevInstance.start(['--dir', scratch.in('i')]);
    assert.deepEqual(Object.keys(instance.ready), ['dir', 'mandos', 'http', 'https']);
    assert.equal(instance.ready.dir, scratch.in('i'));
    assert.match(instance.ready.mandos, /^127\.0\.0\.1:[1-9]\d*$/);
    const names = processesOf(scratch.in('i')).map(({ name }) => name);
    assert.deepEqual(names.toSorted(), ['check', 'gate', 'keep', 'watch']);
    assert.equal(await instance.stop(signal), 0);
    assert.equal(instance.printed.length, 1);
    assert.deepEqual(processesOf(scratch.in('i')), []);
  }
});

test('everything in its directory is for its owner alone, but the names of processes', async () => {
  using scratch = new ScratchDirectory();
  await using instance = await DevInstance.start(['--dir', scratch.in('i')]);
  const open = readdirSync(instance.ready.dir, { recursive: true, withFileTypes: true })
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((path) => (statSync(path).mode & 0o077) !== 0)
    .map((path) => path.slice(instance.ready.dir.length));
  assert.equal(statSync(instance.ready.dir).mode & 0o7777, 0o700);
  const expected = ['/run', '/run/gate.pid', '/run/k2.sock', '/run/keep.pid', '/run/keep.sock', '/run/watch.pid'];
  assert.deepEqual(open.toSorted(), expected);
});

test('started again on its directory it has everything it had, also if it was killed', async () => {
  using scratch = new ScratchDirectory();
  const terminal = new Terminal(scratch.path, { CHATELAINE_DIR: scratch.in('i') });
  const first = await DevInstance.start(['--dir', scratch.in('i')]);
  await terminal.run('printf "[a]\\nkey_id=%064d\\nchecker=true\\nsecret=AAAA\\n" 1 | chatelaine machine import -');
  const before = (await terminal.run('chatelaine status --json')).stdout;
  await first.stop('SIGKILL');
  await allGone(scratch.in('i'));
  await using _second = await DevInstance.start(['--dir', scratch.in('i')]);
  const after = (await terminal.run('chatelaine status --json')).stdout;
  assert.equal(JSON.parse(after).storeId, JSON.parse(before).storeId);
  assert.match((await terminal.run('chatelaine machine list')).stdout, /^a +enabled/m);
});

test('killed without a chance to stop anything, it takes its processes with it', async () => {
  using scratch = new ScratchDirectory();
  const instance = await DevInstance.start(['--dir', scratch.in('i')]);
  await instance.stop('SIGKILL');
  await allGone(scratch.in('i'));
});

test('when one of its processes ends, it stops the others, says so, and fails', async () => {
  for (const name of ['keep', 'gate', 'watch']) {
    using scratch = new ScratchDirectory();
    const instance = await DevInstance.start(['--dir', scratch.in('i')]);
    const pid = processesOf(scratch.in('i')).find((found) => found.name === name)?.pid;
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    assert.equal(await instance.ended(), 1);
    assert.match(instance.words, new RegExp(`The ${name} was ended by SIGKILL; everything is stopped\\.`));
    assert.deepEqual(processesOf(scratch.in('i')), []);
  }
});

test('seal ends the keep, and with it the instance', async () => {
  using scratch = new ScratchDirectory();
  const instance = await DevInstance.start(['--dir', scratch.in('i')]);
  const terminal = new Terminal(scratch.path, { CHATELAINE_DIR: scratch.in('i') });
  assert.equal((await terminal.run('chatelaine seal')).code, 0);
  assert.equal(await instance.ended(), 1);
  assert.match(instance.words, /The keep ended with exit code 0; everything is stopped\./);
  assert.equal((await terminal.run('chatelaine status')).code, 3);
});

test('--mandos moves the port of an instance that is there', async () => {
  using scratch = new ScratchDirectory();
  await (await DevInstance.start(['--dir', scratch.in('i')])).stop();
  await using instance = await DevInstance.start(['--dir', scratch.in('i'), '--mandos', '127.0.0.2:0']);
  assert.match(instance.ready.mandos, /^127\.0\.0\.2:/);
});

test('a port that is taken is said, and leaves no process', async () => {
  using scratch = new ScratchDirectory();
  await using first = await DevInstance.start(['--dir', scratch.in('a')]);
  const terminal = new Terminal(scratch.path);
  const second = await terminal.run(`chatelaine dev --dir b --mandos ${first.ready.mandos}`);
  assert.notEqual(second.code, 0);
  assert.match(second.stderr, /The gate ended with exit code \d before it was ready/);
  assert.deepEqual(processesOf(scratch.in('b')), []);
});

test('a second instance on the same directory is refused and does not harm the first', async () => {
  using scratch = new ScratchDirectory();
  await using _first = await DevInstance.start(['--dir', scratch.in('i')]);
  const terminal = new Terminal(scratch.path, { CHATELAINE_DIR: scratch.in('i') });
  assert.notEqual((await terminal.run('chatelaine dev')).code, 0);
  assert.equal((await terminal.run('chatelaine status')).code, 0);
});

test('an instance of a version without some of the processes gets what it lacks', async () => {
  using scratch = new ScratchDirectory();
  await (await DevInstance.start(['--dir', scratch.in('i')])).stop();
  const file = scratch.in('i', 'chatelaine.toml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^\[watch\]\n(?:(?!\[).*\n)*/m, ''));
  assert.notEqual(readFileSync(file, 'utf8'), text);
  rmSync(scratch.in('i', 'watch'), { recursive: true });
  rmSync(scratch.in('i', 'keep', 'link', 'watch.key'));
  const gateKey = readFileSync(scratch.in('i', 'gate', 'link.key'));
  await using instance = await DevInstance.start(['--dir', scratch.in('i')]);
  assert.equal(processesOf(scratch.in('i')).length, 4);
  assert.ok(existsSync(scratch.in('i', 'run', 'watch.pid')));
  assert.deepEqual(readFileSync(scratch.in('i', 'gate', 'link.key')), gateKey);
  // It says so soon after it is ready.
  for (let turn = 0; turn < 100 && !/every machine is known/.test(instance.words); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.match(instance.words, /every machine is known/);
});

test('a start that was interrupted while the store was made is finished by the next one', async () => {
  using scratch = new ScratchDirectory();
  await (await DevInstance.start(['--dir', scratch.in('i')])).stop();
  const isOpen = async (): Promise<void> => {
    await using instance = await DevInstance.start(['--dir', scratch.in('i')]);
    const terminal = new Terminal(scratch.path, { CHATELAINE_DIR: instance.ready.dir });
    assert.equal((await terminal.run('chatelaine status')).code, 0);
  };
  writeFileSync(scratch.in('i', 'keep', 'store-is-being-made'), '');
  writeFileSync(scratch.in('i', 'keep', 'store.db'), 'half a store');
  await isOpen();
  assert.ok(!existsSync(scratch.in('i', 'keep', 'store-is-being-made')));
  rmSync(scratch.in('i', 'keep'), { recursive: true });
  rmSync(scratch.in('i', 'anchor'), { recursive: true });
  await isOpen();
});

test('stopped before it was ready, it leaves no process and prints nothing', async () => {
  using scratch = new ScratchDirectory();
  const terminal = new Terminal(scratch.path);
  await (await DevInstance.start(['--dir', scratch.in('i')])).stop();
  const ran = await terminal.run('timeout --preserve-status -s TERM 0.6 chatelaine dev --dir i');
  assert.ok(ran.stdout === '' || ran.stdout.startsWith('{"dir"'), ran.stdout);
  await allGone(scratch.in('i'));
});

test('without a directory it makes a new one for its owner alone', async () => {
  const instance = await DevInstance.start([]);
  try {
    assert.equal(statSync(instance.ready.dir).mode & 0o7777, 0o700);
    assert.equal(await instance.stop(), 0);
  } finally {
    await instance.stop();
    rmSync(instance.ready.dir, { recursive: true, force: true });
  }
});

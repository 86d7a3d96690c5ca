// A real instance set up by root. Accounts that every Debian has stand in for those of Chatelaine, so that the test makes none.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { runAtTerminal } from '../testing/at-terminal.ts';
import { Terminal } from '../testing/run-session.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';

const KEEP_ACCOUNT = { name: 'daemon', uid: 1 };
const PEERS = { bus: ['mail', 8], courier: ['news', 9], gate: ['bin', 2], watch: ['sys', 3] } as const;
const CHECK_ACCOUNT = { name: 'nobody', group: 'nogroup' };
const GROUP = { name: 'games', gid: 60 };
const PASS_PHRASE = 'correct horse battery staple';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const keepMain = fileURLToPath(new URL('../../../../server/keep/src/main.ts', import.meta.url));

const prepare = (scratch: ScratchDirectory): { readonly file: string; readonly terminal: Terminal } => {
  chmodSync(scratch.path, 0o755);
  const file = scratch.in('chatelaine.toml');
  const inside = (...parts: string[]): string => JSON.stringify(scratch.in(...parts));
  // The table of the watch comes last, so that what only it has can follow.
  const peerTables = Object.entries(PEERS)
    .map(
      ([name, [account]]) => `[${name}]
account = "${account}"
directory = ${inside('lib', name)}
pid_file = ${inside(`run-${name}`, `${name}.pid`)}`,
    )
    .join('\n');
  writeFileSync(
    file,
    `group = "${GROUP.name}"
[keep]
account = "${KEEP_ACCOUNT.name}"
directory = ${inside('lib', 'keep')}
anchor = ${inside('lib', 'anchor', 'anchor')}
socket = ${inside('run', 'keep.sock')}
pid_file = ${inside('run', 'keep.pid')}
${peerTables}
check_account = "${CHECK_ACCOUNT.name}"
check_group = "${CHECK_ACCOUNT.group}"
[gate.mandos]
listen = ["127.0.0.1:0"]
[admin]
link_key = ${inside('admin.key')}
`,
    { mode: 0o644 },
  );
  return { file, terminal: new Terminal(scratch.path, { CHATELAINE_CONFIG: file }) };
};

const ownersBelow = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = `${entry.parentPath}/${entry.name}`;
      const { uid, gid, mode } = statSync(path);
      return [path.slice(directory.length + 1), `${uid}:${gid} ${(mode & 0o7777).toString(8)}`];
    }),
  );

test('init makes directories, keys and a store, each for the account it belongs to', async () => {
  using scratch = new ScratchDirectory();
  const { terminal } = prepare(scratch);
  const ran = await terminal.run(`echo '${PASS_PHRASE}' | chatelaine init --json`);
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(Object.keys(JSON.parse(ran.stdout)), ['storeId', 'rootKeyId']);
  const keep = `${KEEP_ACCOUNT.uid}:${GROUP.gid}`;
  const owners = ownersBelow(scratch.in('lib'));
  for (const name of Object.keys(owners)) if (/^keep\/store\.db-/.test(name)) delete owners[name];
  assert.deepEqual(owners, {
    anchor: `${keep} 700`,
    'anchor/anchor': `${keep} 600`,
    keep: `${keep} 700`,
    'keep/link': `${keep} 700`,
    'keep/link/admin.key': `${keep} 600`,
    'keep/store.db': `${keep} 600`,
    ...Object.fromEntries(
      Object.entries(PEERS).flatMap(([name, [, uid]]) => [
        [name, `${uid}:${GROUP.gid} 700`],
        [`${name}/link.key`, `${uid}:${GROUP.gid} 600`],
        [`keep/link/${name}.key`, `${keep} 600`],
      ]),
    ),
  });
  assert.equal(statSync(scratch.in('admin.key')).uid, 0);
  assert.equal(statSync(scratch.in('admin.key')).mode & 0o7777, 0o600);
});

test('a keep that was set up is opened by the pass phrase, line end or none, and by no other', async () => {
  using scratch = new ScratchDirectory();
  const { file, terminal } = prepare(scratch);
  await terminal.run(`echo '${PASS_PHRASE}' | chatelaine init`);
  const keep = spawn(process.execPath, [keepMain, '--config', file, '--ready-fd', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = once(keep, 'exit');
  try {
    const ready = keep.stdio[3];
    assert.ok(ready !== null && ready !== undefined);
    await Promise.race([once(ready, 'data'), ended.then(() => assert.fail('the keep ended'))]);
    await terminal.follow(`
      $ chatelaine status
      keep      sealed
      …
      [3]
      $ chatelaine machine list
      ! chatelaine: The keep is sealed.
      ! hint: Open it with: chatelaine unseal
      [3]
      $ echo 'something else entirely' | chatelaine unseal
      ! chatelaine: No key slot opens with this: root key … is expected.
      ! hint: Try another pass phrase or key file; chatelaine keyslot list names the slots.
      [1]
      $ echo '${PASS_PHRASE}' | chatelaine unseal
      ! The keep is open.
      $ chatelaine machine list
      ! No machines are enrolled.
      $ chatelaine keyslot list
      ID …
      … pass-phrase … first
      $ head -c 32 /dev/urandom > unseal.key; chatelaine keyslot add --key-file unseal.key --label file --json | jq -r .kind
      key-file
      $ chatelaine seal
      ! The keep is closed: its process ends.
    `);
  } finally {
    keep.kill();
    await ended;
  }
});

test('a second init changes nothing', async () => {
  using scratch = new ScratchDirectory();
  const { terminal } = prepare(scratch);
  await terminal.run(`echo '${PASS_PHRASE}' | chatelaine init`);
  const adminKey = readFileSync(scratch.in('admin.key'));
  await terminal.follow(`
    $ echo 'another pass phrase' | chatelaine init
    ! chatelaine: There is a store in …/lib/keep; nothing was changed.
    ! hint: To open it: start the keep, then chatelaine unseal
    [1]
  `);
  assert.deepEqual(readFileSync(scratch.in('admin.key')), adminKey);
});

test('an instance of a version without some of the processes gets what it lacks, and nothing else is changed', async () => {
  using scratch = new ScratchDirectory();
  const { terminal } = prepare(scratch);
  await terminal.follow(`
    $ chatelaine init --complete
    ! chatelaine: There is no store in …/lib/keep yet.
    ! hint: Make it with: chatelaine init
    [1]
  `);
  await terminal.run(`echo '${PASS_PHRASE}' | chatelaine init`);
  const before = ownersBelow(scratch.in('lib'));
  const keys = ['gate/link.key', 'keep/link/gate.key', 'keep/link/admin.key'];
  const contents = (): readonly string[] => keys.map((key) => readFileSync(scratch.in('lib', key), 'utf8'));
  const earlier = contents();
  rmSync(scratch.in('lib', 'watch'), { recursive: true });
  rmSync(scratch.in('lib', 'keep', 'link', 'watch.key'));
  await terminal.follow(`
    $ chatelaine init --complete
    ! The keys of the link for watch are made: start the keep again.
    $ chatelaine init --complete
  `);
  assert.deepEqual(ownersBelow(scratch.in('lib')), before);
  assert.deepEqual(contents(), earlier);
});

test('a pass phrase that is too short makes no store, and the next try does', async () => {
  using scratch = new ScratchDirectory();
  const { terminal } = prepare(scratch);
  const weak = await terminal.run('echo short | chatelaine init');
  assert.equal(weak.code, 1);
  assert.match(weak.stderr, /too short/);
  assert.equal((await terminal.run(`echo '${PASS_PHRASE}' | chatelaine init`)).code, 0);
});

test('a person is asked for the pass phrase twice, and it is never shown', () => {
  using scratch = new ScratchDirectory();
  const { file } = prepare(scratch);
  const { shown, code } = runAtTerminal(
    [process.execPath, main, '--config', file, 'init'],
    [
      ['New pass phrase: ', `${PASS_PHRASE}\r`],
      ['Repeat pass phrase: ', `${PASS_PHRASE}\r`],
    ],
  );
  assert.equal(code, 0, shown);
  assert.match(shown, /The store [0-9a-f]+ is made/);
  assert.ok(!shown.includes('horse'));
});

test('with --key-file the store opens with the bytes of the file', async () => {
  using scratch = new ScratchDirectory();
  const { terminal } = prepare(scratch);
  writeFileSync(scratch.in('unseal.key'), Buffer.alloc(32, 7), { mode: 0o600 });
  assert.equal((await terminal.run('chatelaine init --key-file unseal.key --label disk')).code, 0);
});

test('a configuration is written if there is none, and is good as it is', async () => {
  using scratch = new ScratchDirectory();
  const terminal = new Terminal(scratch.path);
  mkdirSync(scratch.in('etc'));
  const ran = await terminal.run('chatelaine --config etc/new/chatelaine.toml init < /dev/null');
  // An empty pass phrase is no pass phrase: nothing but the configuration is made.
  assert.match(ran.stderr, /etc\/new\/chatelaine\.toml is written\./);
  assert.ok(existsSync(scratch.in('etc', 'new', 'chatelaine.toml')));
  assert.equal((await terminal.run('chatelaine --config etc/new/chatelaine.toml config check')).code, 0);
});

test('an account that is missing is named, with what makes it, before anything is asked', async () => {
  using scratch = new ScratchDirectory();
  const { file, terminal } = prepare(scratch);
  writeFileSync(file, readFileSync(file, 'utf8').replace('account = "daemon"', 'account = "nobody-such"'));
  await terminal.follow(`
    $ chatelaine init < /dev/null
    ! chatelaine: there is no account nobody-such; make it with: scripts/create-accounts.
    [4]
  `);
  assert.ok(!existsSync(scratch.in('lib')));
});

test('what dev made is not set up as a real instance', async () => {
  using scratch = new ScratchDirectory();
  writeFileSync(scratch.in('chatelaine.toml'), 'purpose = "development"\n');
  await new Terminal(scratch.path).follow(`
    $ chatelaine --dir . init < /dev/null
    ! chatelaine: …/chatelaine.toml says purpose = "development".
    ! hint: For trying out: chatelaine dev
    [4]
  `);
});

// The commands as a person types them, at a terminal.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Scratch } from '../support/scratch.ts';
import type { PtyShell } from './pty-shell.ts';
import { makeSmallWorld, type SmallWorld } from './small-world.ts';

const scratch = new Scratch();
let world: SmallWorld;
before(async () => {
  world = await makeSmallWorld(scratch, { hasMemory: true });
});
after(() => scratch[Symbol.asyncDispose]());

const begin = async (): Promise<PtyShell> => {
  const shell = await world.terminal('alice');
  assert.equal((await shell.run('eval "$(chatelaine session token --export)"')).text, '');
  return shell;
};

const login = (shell: PtyShell, vault: string): Promise<unknown> =>
  shell.run(`printf %s 'key of ${vault}' | chatelaine session login ${vault}`);

test('the key is asked for at the terminal, and not shown', async () => {
  await using shell = await begin();
  await shell.run('stty echo');
  shell.type('chatelaine session login backup\n');
  await shell.shows('Key: ');
  shell.type('typed by hand\n');
  assert.doesNotMatch(await shell.shows('current one.'), /typed/);
  await shell.run('stty -echo');
  assert.equal((await shell.run('chatelaine session get | od -An -c')).text.replaceAll(' ', ''), 'typedbyhand');
});

test('the token is not shown at a terminal unless that is wanted', async () => {
  await using shell = await begin();
  const refused = await shell.run('chatelaine session token');
  assert.equal(refused.code, 2);
  assert.doesNotMatch(refused.text, /sk2_/);
  assert.match((await shell.run('chatelaine session token --to-terminal')).text, /^sk2_[\w-]{104}$/);
});

test('logout is real: the token opens nothing, and nothing is left', async () => {
  await using shell = await begin();
  await login(shell, 'backup');
  await shell.run('token=$CHATELAINE_SESSION');
  assert.equal((await shell.run('chatelaine session logout')).code, 0);
  assert.equal((await shell.run('chatelaine session get backup')).code, 9);
  assert.equal((await shell.run('find /run/user/2001/chatelaine/s -name "v-*"')).text, '');
  assert.equal((await shell.run('CHATELAINE_SESSION=$token chatelaine session status')).code, 9);
});

test('one vault, all vaults, all sessions', async () => {
  await using shell = await begin();
  await using other = await begin();
  for (const vault of ['one', 'two', 'three']) await login(shell, vault);
  await login(other, 'one');
  assert.deepEqual(await shell.run('chatelaine session get'), { text: 'key of three', code: 0 });
  assert.equal((await shell.run('chatelaine session use one')).code, 0);
  assert.deepEqual(await shell.run('chatelaine session get'), { text: 'key of one', code: 0 });
  assert.equal((await shell.run('chatelaine session logout one')).code, 0);
  assert.equal((await shell.run('chatelaine session get')).code, 6);
  assert.equal((await shell.run('chatelaine session use one')).code, 6);
  assert.deepEqual(await shell.run('chatelaine session get two'), { text: 'key of two', code: 0 });
  assert.equal((await shell.run('chatelaine session lock')).code, 0);
  assert.equal((await shell.run('chatelaine session get two')).code, 6);
  assert.deepEqual(await other.run('chatelaine session get'), { text: 'key of one', code: 0 });
  assert.match((await shell.run('chatelaine session logout --all')).text, /sessions have ended/);
  for (const terminal of [shell, other]) assert.equal((await terminal.run('chatelaine session get one')).code, 9);
});

test('status tells what there is, in words and as JSON', async () => {
  await using shell = await begin();
  await login(shell, 'backup');
  assert.match((await shell.run('chatelaine session status')).text, /in memory\nVAULT +LOGGED IN\nbackup +current/);
  const shown = JSON.parse((await shell.run('chatelaine session status --json')).text);
  assert.equal(shown.current, 'backup');
  assert.equal(shown.shellPid, Number((await shell.run('echo $$')).text));
  assert.deepEqual(
    shown.vaults.map(({ name }: { readonly name: string }) => name),
    ['backup'],
  );
});

test('a session lasts as long as it was told to', async () => {
  await using shell = await world.terminal('alice');
  await shell.run('export CHATELAINE_SESSION=$(chatelaine session token --idle 1s)');
  await shell.run('sleep 1.2');
  const late = await shell.run('chatelaine session status');
  assert.match(late.text, /not used for too long/);
  assert.equal(late.code, 9);
  for (const span of ['0s', 'soon', '-1d', '']) {
    const wrong = await shell.run(`chatelaine session token --new --lifetime '${span}' | cat`);
    assert.match(wrong.text, /--lifetime is not a span of time/);
  }
});

test('without a token, with a wrong one and with an old one it is said what to do', async () => {
  await using shell = await world.terminal('alice');
  const missing = await shell.run('chatelaine session get');
  assert.match(missing.text, /CHATELAINE_SESSION is not set.*\n.*session token --export/);
  assert.equal(missing.code, 7);
  const wrong = await shell.run('CHATELAINE_SESSION=sk2_nonsense chatelaine session get');
  assert.match(wrong.text, /not a session token/);
  assert.doesNotMatch(wrong.text, /nonsense/);
  assert.equal(wrong.code, 7);
  const old =
    'aafWaqLK9VS3WLG5BaeEBXHUKDzTn@oFFovdwTwiQKT7wbv7RUrbTwCdRidfB7maTXsKGF6EIho6TXFdkSFModE2si@Vbnkx9Tb5EFynuWJM9Am9pkwiiK5usGAJkAXkuutsrqponmlkjihgfedcba01';
  const shown = await shell.run(`SAFE_TTY_TOKEN='${old}' chatelaine session status`);
  assert.match(shown.text, /of the old form, of 152 characters, of another shell/);
  assert.equal(shown.code, 7);
});

/** Writes old tokens as the old program did: with crypt(3) and OpenSSL, by each of its three rules. */
const oldTokenWriter = `
import crypt, hashlib, os, re, socket, subprocess, sys
order = "a9WBfKOz3s15cnEJLAl6IwogkNtYS%TbVRH0@Z8FGjumMh4pqd7ve2UXrCyQDxPi"
def encode(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    return "".join(order[int(bits[at:at + 6], 2)] for at in range(0, len(bits), 6))
def decode(text):
    bits = "".join(f"{order.index(character):06b}" for character in text)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits), 8))
boot = open("/proc/sys/kernel/random/boot_id").read()
last = re.sub("[^A-Za-z0-9]", "", subprocess.run(["last", "reboot"], capture_output=True, text=True).stdout)[:40]
host, user, rule, parent = socket.gethostname(), os.environ["USER"], sys.argv[1], sys.argv[2]
identity = {"2020": last + user + host, "March": boot + user + host, "February": parent + boot + user + host}[rule]
identity = re.sub("[^A-Za-z0-9]", "", identity)[:55]
salt = "abcdefghijklmnopqrstuu"
digest = crypt.crypt(identity, "$2x$10$" + salt)[-31:-1].replace(".", "@").replace("/", "%")
key, iv = hashlib.sha256(decode(digest)).hexdigest(), bytes(range(16))
command = ["openssl", "enc", "-aes-256-cbc", "-K", key, "-iv", iv.hex()]
sealed = subprocess.run(command, input=encode(bytes(48)).encode(), capture_output=True, check=True).stdout
print(encode(iv + sealed) + ("10" + salt)[::-1])
`;

test('an old token is told to be of this shell, by the rule that it was made by', async () => {
  await using shell = await world.terminal('alice');
  await using other = await world.terminal('alice');
  const file = path.join(world.common, 'write-old-token.py');
  writeFileSync(file, oldTokenWriter);
  for (const [rule, name] of [
    ['2020', '2020'],
    ['March', 'March 2019'],
    ['February', 'February 2019'],
  ] as const) {
    await shell.run(`export SAFE_TTY_TOKEN="$(python3 -W ignore ${file} ${rule} $$)"`);
    const told = (await shell.run('chatelaine session status')).text;
    assert.ok(told.includes(`made here by the rule of ${name}.`), told);
  }
  await other.run(`export SAFE_TTY_TOKEN='${(await shell.run('echo "$SAFE_TTY_TOKEN"')).text}'`);
  assert.match((await other.run('chatelaine session status')).text, /of another shell/);
});

test('names that cannot be are refused with words', async () => {
  await using shell = await begin();
  const shown = await shell.run(`printf x | chatelaine session login ''`);
  assert.match(shown.text, /1 to 255 bytes/);
  assert.equal(shown.code, 2);
  assert.match((await shell.run('chatelaine session login empty < /dev/null')).text, /1 to 65,536 bytes/);
});

test('sessions whose shell has ended are removed', async () => {
  const left = await begin();
  await left[Symbol.asyncDispose]();
  await using shell = await world.terminal('alice');
  await shell.run('chatelaine session logout --all');
  const gone = await begin();
  await gone[Symbol.asyncDispose]();
  assert.match((await shell.run('chatelaine session gc')).text, /1 session removed/);
  assert.equal((await shell.run('ls /run/user/2001/chatelaine/s')).text, '');
});

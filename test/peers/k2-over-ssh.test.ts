// The line protocol as the forced command of an SSH key, between OpenSSH's own server and client; codes by Debian's oathtool and
// ykgenerate. sshd(8), AUTHORIZED_KEYS FILE FORMAT

import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineClient } from '../../server/gate/src/fronts/k2/testing/line-client.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { makeHostKey, startSshServer } from '../support/ssh-server.ts';

const chatelaine = path.join(import.meta.dirname, '..', '..', 'bin', 'chatelaine');
const READY = 'READY 1\n';
const ROUNDS = 5;
const AT_ONCE = 64;

const seed = randomBytes(20);
const yubikey = { publicId: 'vvcccccccccb', privateId: randomBytes(6), key: randomBytes(16) };

const hotpCode = async (counter: number): Promise<string> =>
  (await runToSuccess('oathtool', ['--hotp', '-c', String(counter), seed.toString('hex')])).trim();

const otp = async (counter: number, use: number): Promise<string> => {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const { key, privateId, publicId } = yubikey;
  const fields = [key.toString('hex'), privateId.toString('hex'), hex(counter, 4), '1234', '56', hex(use, 2)];
  return publicId + (await runToSuccess('ykgenerate', fields)).trim();
};

suite('k2 over SSH', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let place: string;
  let options: readonly string[];
  before(async () => {
    instance = await startDevInstance(scratch);
    place = scratch.directory();
    const hostKey = await makeHostKey(scratch, 'ed25519');
    const lines: string[] = [];
    const everything = ['users', 'aes', 'hotp', 'totp', 'yubiotp'].flatMap((name) => ['--grant', `${name}.*:**`]);
    for (const [name, grants] of [
      ['desk', everything],
      ['door', ['--grant', 'hotp.verify:ada']],
    ] as const) {
      const file = path.join(place, name);
      await runToSuccess('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
      writeFileSync(`${file}.token`, await instance.run(['token', 'create', name, ...grants]), { mode: 0o600 });
      const command = `${chatelaine} k2 --dir ${instance.dir} --token ${file}.token`;
      lines.push(`command="${command}",restrict ${readFileSync(`${file}.pub`, 'utf8')}`);
    }
    writeFileSync(path.join(place, 'authorized_keys'), lines.join(''));
    const settings = ['PermitRootLogin prohibit-password', 'StrictModes no', `MaxSessions ${AT_ONCE}`];
    const port = await startSshServer(scratch, hostKey, [
      ...settings,
      `AuthorizedKeysFile ${path.join(place, 'authorized_keys')}`,
    ]);
    writeFileSync(path.join(place, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey.type} ${hostKey.base64}\n`);
    options = [
      ...['-F', 'none', '-T', '-p', String(port), '-o', `UserKnownHostsFile=${path.join(place, 'known_hosts')}`],
      ...['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'LogLevel=ERROR'],
    ];
  });
  after(() => scratch[Symbol.asyncDispose]());

  type Ssh = ChildProcessByStdio<Writable, Readable, null>;

  const startSsh = (key: string, ...more: readonly string[]): Ssh => {
    const args = [...options, '-i', path.join(place, key), ...more];
    const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    scratch.atEnd(() => child.kill('SIGKILL'));
    return child;
  };
  /** A session, at its first READY. */
  const connect = async (key: 'desk' | 'door', ...more: readonly string[]): Promise<LineClient> => {
    const child = startSsh(key, ...more, 'root@127.0.0.1');
    const client = new LineClient(child.stdout, child.stdin);
    assert.equal(await client.hear(), READY);
    return client;
  };
  const succeed = async (client: LineClient, line: string, data?: object): Promise<void> => {
    if (data !== undefined) assert.equal(await client.ask(line), 'MORE\n', line);
    const heard = await client.ask(data === undefined ? line : `${JSON.stringify(data)}\n.`);
    assert.match(heard, /^OK\n/, line);
  };

  test('a whole session: users, keys and their links, codes accepted once, and nothing for the wrong user, key or module', async () => {
    const desk = await connect('desk');
    for (const [name, GivenName] of [
      ['ada', 'Ada'],
      ['bob', 'Bob'],
    ] as const) {
      await succeed(desk, `USER CREATE ${name}`, { GivenName, Surname: 'Example' });
    }
    assert.equal(await desk.ask('USER CREATE Ada'), 'MORE\n');
    assert.equal(await desk.refusalOf('{"GivenName":"A","Surname":"B"}\n.'), 'USER already-exists');
    await succeed(desk, 'AES IMPORT ada seed', { value: seed.toString('base64') });
    await succeed(desk, 'AES CREATE bob seed 20');
    await succeed(desk, 'LINK CREATE ada seed HOTP');
    await succeed(desk, 'LINK CREATE bob seed TOTP');

    // Of all combinations of user, key and module only the two that were linked.
    for (const user of ['ada', 'bob']) {
      for (const key of ['seed', 'other']) {
        for (const module of ['HOTP', 'TOTP']) {
          const isLinked = key === 'seed' && (user === 'ada' ? module === 'HOTP' : module === 'TOTP');
          assert.equal(await desk.ask(`${module} ENROLL ${user} token`), 'MORE\n');
          const heard = await desk.ask(`${JSON.stringify({ secret: { kind: 'key', key } })}\n.`);
          const expected = isLinked ? 'OK' : 'NOK';
          assert.equal(heard.split('\n')[0], expected, `${module} with ${key} of ${user}`);
        }
      }
    }
    await succeed(desk, `HOTP CONFIRM ada token ${await hotpCode(0)} ${await hotpCode(1)}`);

    const code = await hotpCode(2);
    assert.equal(await desk.refusalOf(`AUTH HOTP bob ${code}`), 'HOTP wrong-code', 'somebody else');
    assert.equal(await desk.refusalOf(`AUTH TOTP ada ${code}`), 'TOTP wrong-code', 'another module');
    assert.equal(await desk.refusalOf(`AUTH HOTP eve ${code}`), 'HOTP wrong-code', 'nobody');
    for (const malformed of [
      `+${code}`,
      `${code}0`,
      code.slice(1),
      `${code.slice(0, 3)}e${code.slice(3)}`,
      '.',
      '0x1f',
    ]) {
      assert.equal(await desk.refusalOf(`AUTH HOTP ada ${malformed}`), 'HOTP wrong-code', malformed);
    }
    assert.equal(await desk.ask(`AUTH HOTP ADA ${code}`), `OK\n${READY}`, 'none of these spent it');
    assert.equal(await desk.refusalOf(`AUTH HOTP ada ${code}`), 'HOTP wrong-code', 'replayed');

    const { privateId, key } = yubikey;
    const secret = { kind: 'given', privateId: privateId.toString('base64'), key: key.toString('base64') };
    await succeed(desk, `YUBIOTP ENROLL ada ${yubikey.publicId}`, { secret });
    await succeed(desk, `YUBIOTP CONFIRM ada ${yubikey.publicId} ${await otp(1, 0)}`);
    assert.equal(await desk.refusalOf(`AUTH YUBIOTP bob ${await otp(1, 1)}`), 'YUBIOTP wrong-code', 'not his');
    assert.equal(await desk.ask(`AUTH YUBIOTP ada ${await otp(1, 1)}`), `OK\n${READY}`, 'and so not spent');
    assert.equal(await desk.refusalOf(`AUTH YUBIOTP ada ${await otp(1, 1)}`), 'YUBIOTP replayed');
    assert.equal(await desk.refusalOf(`AUTH YUBIOTP ada ${await otp(1, 0)}`), 'YUBIOTP replayed', 'made before');

    assert.match(await desk.ask('AES LIST ada'), /"key":"seed","sizeBytes":20,.*"modules":\["hotp"\]/);
    await succeed(desk, 'LINK DELETE ada seed HOTP');
    assert.equal(await desk.refusalOf(`AUTH HOTP ada ${await hotpCode(3)}`), 'HOTP wrong-code', 'unlinked');
    await succeed(desk, 'LINK CREATE ada seed HOTP');
    await succeed(desk, `AUTH HOTP ada ${await hotpCode(4)}`);
    assert.equal(await desk.ask('QUIT'), 'OK\nBYE\n');
  });

  test('whoever was granted one thing does that, whatever command they ask ssh for', async () => {
    const door = await connect('door', '-o', 'RemoteCommand=cat /etc/shadow');
    assert.equal(await door.ask(`AUTH HOTP ada ${await hotpCode(5)}`), `OK\n${READY}`);
    assert.equal(await door.refusalOf(`AUTH HOTP bob ${await hotpCode(6)}`), 'K2KSM denied');
    for (const line of ['USER LIST', 'HOTP LIST ada', 'LINK DELETE ada seed HOTP', 'AES CREATE ada more 16']) {
      assert.equal(await door.refusalOf(line), 'K2KSM denied', line);
    }
    await instance.run(['token', 'revoke', 'door']);
    assert.equal(await door.refusalOf(`AUTH HOTP ada ${await hotpCode(6)}`), 'K2KSM unauthenticated');
    door.end();
    assert.equal(await door.hear(), 'BYE\n');
  });

  test(`one code sent ${AT_ONCE} times at once is OK once, by counter and of a YubiKey`, async () => {
    const control = path.join(place, 'control');
    const master = startSsh('desk', '-M', '-S', control, '-N', 'root@127.0.0.1');
    while (!existsSync(control)) await sleep(20);
    const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => connect('desk', '-S', control)));
    const sendToAll = async (line: string): Promise<readonly string[]> =>
      await Promise.all(clients.map((client) => client.ask(line)));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const line of [`AUTH HOTP ada ${await hotpCode(7 + round)}`, `AUTH YUBIOTP ada ${await otp(2, round)}`]) {
        const heard = await sendToAll(line);
        assert.equal(heard.filter((words) => words === `OK\n${READY}`).length, 1, line.slice(0, 8));
        assert.equal(heard.filter((words) => /^NOK\n.*\nREADY 1\n$/.test(words)).length, AT_ONCE - 1);
      }
    }
    for (const client of clients) client.end();
    await Promise.all(clients.map((client) => client.gone()));
    const ended = once(master, 'exit');
    master.kill('SIGTERM');
    await ended;
  });

  test('the command reads its token and no other key, and reaches the gate and nobody else', async () => {
    const trace = path.join(place, 'trace');
    const command = [chatelaine, 'k2', '--dir', instance.dir, '--token', path.join(place, 'desk.token')];
    const said = await runToSuccess(
      'strace',
      ['-f', '-qq', '-o', trace, '-e', 'trace=open,openat,connect', ...command],
      { input: 'GET K2KSM.testMode\nQUIT\n' },
    );
    assert.equal(said, `${READY}OK\n{"K2KSM.testMode":false}\n${READY}OK\nBYE\n`);
    const lines = readFileSync(trace, 'utf8').split('\n');
    const opened = lines.flatMap((line) => /open(?:at)?\(.*?"(.*?)"/.exec(line)?.[1] ?? []);
    const own = opened.filter((file) => file.startsWith(instance.dir) || file.startsWith(place));
    assert.deepEqual(
      [...new Set(own)].toSorted(),
      [path.join(instance.dir, 'chatelaine.toml'), path.join(place, 'desk.token')].toSorted(),
    );
    const connected = lines.filter((line) => line.includes('connect('));
    assert.equal(connected.length, 1);
    assert.ok(connected[0]?.includes(`sun_path="${path.join(instance.dir, 'run', 'k2.sock')}"`));
  });

  test('a token that everybody can read is refused, and so is what is none', async () => {
    const file = path.join(place, 'desk.token');
    const attempt = async (): Promise<string> => {
      const { code, stdout, stderr } = await runProgram(chatelaine, ['k2', '--dir', instance.dir, '--token', file]);
      return `${code} ${stdout}${stderr.split('\n')[0]}`;
    };
    chmodSync(file, 0o644);
    assert.match(await attempt(), /^5 chatelaine: .*can be used by everybody/);
    chmodSync(file, 0o600);
    for (const text of ['', '\n', 'two words\n', 'two\nlines\n', 'x'.repeat(513)]) {
      writeFileSync(file, text);
      assert.match(await attempt(), /^5 chatelaine: .*holds no token/);
    }
    writeFileSync(file, 'cht_unknown\n');
    const stranger = await runToSuccess(chatelaine, ['k2', '--dir', instance.dir, '--token', file], {
      input: 'USER LIST\n',
    });
    assert.match(stranger, /"module":"K2KSM","code":"unauthenticated"/);
  });

  test('without a gate it says so and what to do', async () => {
    const { code, stderr } = await runProgram(chatelaine, ['k2', '--socket', path.join(place, 'nowhere.sock')]);
    assert.equal(code, 3);
    assert.match(stderr, /cannot be reached.*ENOENT[\s\S]*name "k2" in gate\.fronts/);
  });
});

// Debian's rsyslog takes the logs of every process, with their levels; and in all that they write at the level debug during a busy
// session is none of the secrets that were used. rsyslogd(8), imuxsock

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { machines, type Result } from '@chatelaine/contract';
import { RawKey } from '@chatelaine/rawtls';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import { LineClient } from '../../server/gate/src/fronts/k2/testing/line-client.ts';
import { Needles } from '../memory/needles.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { connectAs } from '../support/instance-link.ts';
import { fetchAtPort } from '../support/machine-at-the-port.ts';
import { machineSettings } from '../support/machine-settings.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Of whole groups of five bytes. */
const base32 = (bytes: Buffer): string =>
  (bytes.toString('hex').match(/.{10}/g) ?? [])
    .flatMap((group) => [...(BigInt(`0x${group}`).toString(2).padStart(40, '0').match(/.{5}/g) as string[])])
    .map((bits) => BASE32[Number.parseInt(bits, 2)])
    .join('');

const accepted = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(result.code);
  return result.value;
};

/** Starts the daemon on a socket of its own; everything goes into one file, facility and severity first. */
const startRsyslog = async (scratch: Scratch): Promise<{ readonly socket: string; readonly file: string }> => {
  const directory = scratch.directory();
  const at = (name: string): string => path.join(directory, name);
  writeFileSync(
    at('rsyslog.conf'),
    `global(workDirectory="${directory}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${at('log')}" RateLimit.Interval="0")
template(name="plain" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname%[%procid%]%msg%\\n")
action(type="omfile" file="${at('messages')}" template="plain")
`,
  );
  const daemon = spawn('rsyslogd', ['-n', '-f', at('rsyslog.conf'), '-i', at('pid')], { stdio: 'inherit' });
  scratch.atEnd(async () => {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await ended;
  });
  while (!existsSync(at('log'))) await sleep(20);
  return { socket: at('log'), file: at('messages') };
};

suite('syslog', () => {
  const scratch = new Scratch();
  const needles = new Needles();
  let instance: DevInstance;
  let messages: string;

  /** Everything that any process has logged, once the daemon has all of it. */
  const logged = async (): Promise<Buffer> => {
    const size = (): number => (existsSync(messages) ? readFileSync(messages).length : 0);
    for (let before = -1; before !== size(); await sleep(300)) before = size();
    return Buffer.concat([readFileSync(messages), Buffer.from(instance.words())]);
  };

  before(async () => {
    const { socket, file } = await startRsyslog(scratch);
    messages = file;
    const { dir, stop } = await startDevInstance(scratch);
    await stop();
    const log = `[log]\nlevel = "debug"\ntarget = "syslog"\nsocket = "${socket}"\n`;
    // With somebody to carry notices to, so that the courier runs.
    appendFileSync(path.join(dir, 'chatelaine.toml'), `\n${log}\n[[courier.hooks]]\ncommand = ["/bin/true"]\n`);
    instance = await startDevInstance(scratch, { dir });
  });
  after(() => scratch[Symbol.asyncDispose]());

  const secret = (name: string, bytes: Buffer | string): string => {
    needles.add(name, Buffer.from(bytes as string));
    return bytes.toString();
  };
  const post = async (place: string, body: string, token?: string): Promise<Response> =>
    await fetch(`http://${instance.http}${place}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body,
    });

  test('a busy session, right and wrong, leaves no secret in any log', async () => {
    // People: a pass phrase, a wrong one, a login.
    await instance.run(['user', 'add', 'ada']);
    const passPhrase = secret('pass phrase', randomBytes(18).toString('base64url'));
    await instance.run(['user', 'pass-phrase', 'ada'], { input: passPhrase });
    const logIn = async (given: string): Promise<Response> => {
      const proof = { kind: 'pass-phrase', passPhrase: Buffer.from(given).toString('base64') };
      return await post('/v1/sessions', JSON.stringify({ user: 'ada', proof, lifeMs: 60_000 }));
    };
    const { token: login } = (await (await logIn(passPhrase)).json()) as { readonly token: string };
    secret('login', Buffer.from(login, 'base64'));
    assert.equal((await logIn(secret('wrong pass phrase', randomBytes(18).toString('base64url')))).status, 401);

    // Key slots: one more pass phrase, and one that opens nothing.
    const slot = secret('slot', randomBytes(18).toString('base64url'));
    await instance.run(['keyslot', 'add', '--label', 'second'], { input: slot });

    // Tokens: one that is good, one that never was.
    const grants = ['users', 'aes', 'hotp', 'totp', 'yubiotp', 'passwords'].flatMap((name) => [
      '--grant',
      `${name}.*:**`,
    ]);
    const token = secret('token', (await instance.run(['token', 'create', 'desk', ...grants])).trim());
    const stranger = secret('unknown token', `cht_${randomBytes(32).toString('base64url')}`);
    assert.equal((await post('/v1/hotp/verify', '{"user":"ada","code":"000000"}', stranger)).status, 401);

    // One-time codes: seeds, codes that are right, replayed, wrong and malformed.
    const seed = randomBytes(20);
    needles.add('seed', seed);
    await instance.run(['otp', 'enroll', 'ada', '--hotp', '--digits', '8', '--given'], {
      input: secret('seed in Base32', base32(seed)),
    });
    const code = async (counter: number): Promise<string> => {
      const made = await runToSuccess('oathtool', ['--hotp', '-d', '8', '-c', String(counter), seed.toString('hex')]);
      return secret(`code ${counter}`, made.trim());
    };
    await instance.run(['otp', 'confirm', 'ada', '--hotp'], { input: `${await code(0)}\n${await code(1)}\n` });
    const verify = async (body: string): Promise<number> => (await post('/v1/hotp/verify', body, token)).status;
    const right = JSON.stringify({ user: 'ada', code: await code(2) });
    assert.equal(await verify(right), 200);
    assert.equal(await verify(right), 403, 'replayed');
    assert.equal(await verify(JSON.stringify({ user: 'bob', code: await code(3) })), 403);
    assert.equal(await verify(`{"user":"ada","code":"${await code(4)}"`), 400, 'no JSON');
    assert.equal(await verify(`{"user":"ada","code":["${await code(5)}"]}`), 400, 'no text');
    assert.equal(await verify(`{"user":"${await code(6)}\u0000"}`), 400, 'in the wrong place');
    const { uri } = JSON.parse(await instance.run(['otp', 'enroll', 'ada', '--totp', '--json']));
    secret('seed by time in Base32', new URL(uri).searchParams.get('secret') ?? '');

    // YubiKeys: right, replayed, damaged.
    const [privateId, key] = [randomBytes(6), randomBytes(16)];
    needles.add('YubiKey', key);
    const given = secret('YubiKey in hexadecimal', `${privateId.toString('hex')},${key.toString('hex')}`);
    await instance.run(['otp', 'enroll', 'ada', '--yubikey', '--public-id', 'vvcccccccccb', '--given'], {
      input: given,
    });
    const otp = async (use: number): Promise<string> => {
      const fields = [key.toString('hex'), privateId.toString('hex'), '0001', '1234', '56', `0${use}`];
      return `vvcccccccccb${secret(`code of the YubiKey ${use}`, (await runToSuccess('ykgenerate', fields)).trim())}`;
    };
    await instance.run(['otp', 'confirm', 'ada', 'vvcccccccccb', '--yubikey'], { input: await otp(0) });
    const typed = await otp(1);
    for (const [what, status] of [
      [typed, 200],
      [typed, 409],
      [`${typed.slice(0, -1)}v`, 403],
    ] as const) {
      const answer = await post('/v1/yubiotp/verify', JSON.stringify({ user: 'ada', otp: what }), token);
      assert.equal(answer.status, status);
    }
    const client = JSON.parse(await instance.run(['otp', 'client', 'add', '--json']));
    secret('client', Buffer.from(client.key, 'base64'));
    const asked = new URLSearchParams({
      id: String(client.id),
      nonce: 'aef3a7835277a28da8',
      otp: await otp(2),
      h: 'AAAA',
    });
    assert.match(
      await (await fetch(`http://${instance.http}/wsapi/2.0/verify?${asked}`)).text(),
      /status=BAD_SIGNATURE/,
    );

    // The line protocol: keys as data, and secrets where none belong.
    const socket = connect(path.join(instance.dir, 'run', 'k2.sock'));
    const desk = new LineClient(socket, socket);
    desk.send(`K2 - ${token}\n`);
    await desk.hear();
    const imported = randomBytes(32);
    needles.add('imported key', imported);
    await desk.ask('AES IMPORT ada key');
    assert.match(await desk.ask(`{"value":"${imported.toString('base64')}"}\n.`), /^OK\n/);
    await desk.ask('HOTP ENROLL ada second');
    const made = JSON.parse((await desk.ask('{}\n.')).split('\n')[1] ?? '') as { readonly seed: string };
    needles.add('seed that was made', Buffer.from(made.seed, 'base64'));
    await desk.refusalOf(`AUTH HOTP ada ${await code(7)} ${await code(8)}`);
    await desk.refusalOf(`AUTH HOTP ${await code(9)}`);
    await desk.refusalOf(secret('a line that is none', randomBytes(16).toString('hex')));
    await desk.ask(`K2 - ${stranger}`);
    desk.end();

    // Passwords: told, made, and taken.
    const told = secret('password', randomBytes(18).toString('base64url'));
    await instance.run(['password', 'set', 'mail/told', 'plain'], { input: told });
    secret('password that was made', (await instance.run(['password', 'create', 'mail/made', 'plain'])).trim());
    const got = await fetch(`http://${instance.http}/v1/passwords/mail%2Ftold?token=${stranger}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await got.arrayBuffer();

    // Machines: one that gets its password, one that nobody knows.
    const admin = await connectAs(scratch, instance.dir, 'admin');
    const [known, unknown] = [makeKeyPair(), makeKeyPair()];
    const disk = randomBytes(64);
    needles.add('disk', disk);
    const machine = {
      name: 'web1',
      keyId: known.keyId,
      secret: Buffer.from(disk),
      enabled: true,
      settings: machineSettings,
    };
    accepted(await admin.call(machines.enroll, { machines: [machine], replace: false }, { requestId: randomUUID() }));
    for (const [pair, expected] of [
      [known, disk],
      [unknown, undefined],
    ] as const) {
      const raw = RawKey.load(pair.publicKey, pair.privateKey);
      const fetched = await fetchAtPort(instance.mandosPort, raw);
      raw.release();
      assert.deepEqual(fetched?.length ? fetched : undefined, expected);
    }

    assert.deepEqual(needles.findIn(await logged()), []);
  });

  test('every process is there, under its own name, with the severity of its level', async () => {
    const lines = (await logged()).toString().split('\n');
    for (const name of ['keep', 'gate', 'watch', 'courier']) {
      const pid = instance.pidOf(name as 'keep');
      const own = lines.filter((line) => line.includes(` chatelaine-${name}[${pid}]`));
      assert.ok(
        own.some((line) => /^daemon\.info .*"msg":"(?:ready|listening)"/.test(line)),
        name,
      );
      for (const line of own) {
        const severity = /^daemon\.(\w+) .*?\{"level":"(\w+)"/.exec(line);
        assert.ok(severity !== null, line);
        const expected = { error: 'err', warn: 'warning', info: 'info', debug: 'debug' }[severity[2] ?? ''];
        assert.equal(severity[1], expected, line);
      }
    }
    assert.ok(lines.some((line) => line.startsWith('daemon.debug chatelaine-keep')));
    assert.ok(lines.some((line) => line.startsWith('daemon.debug chatelaine-gate')));
  });

  test('what is sought would be found', async () => {
    const planted = randomBytes(20);
    needles.add('planted', planted);
    const log = await logged();
    for (const text of [planted.toString('hex'), planted.toString('base64'), planted.toString('latin1')]) {
      const found = needles.findIn(Buffer.concat([log, Buffer.from(`{"msg":"${text}"}`, 'latin1')]));
      assert.equal(found[0]?.name, 'planted');
    }
  });
});

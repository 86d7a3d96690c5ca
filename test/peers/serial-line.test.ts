// The keep at one end of a line and the gate at the other: two terminal devices that socat(1) joins, cut and joined again.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const seed = '3132333435363738393031323334353637383930';
const publicId = 'vvcccccccccb';
const [privateId, aesKey] = ['010203040506', '000102030405060708090a0b0c0d0e0f'];

const otp = async (use: number): Promise<string> => {
  const fields = [aesKey, privateId, '0001', '1234', '56', use.toString(16).padStart(2, '0')];
  return publicId + (await runToSuccess('ykgenerate', fields)).trim();
};

/** Joins the two ends; they are gone when it ends. */
const startCable = async (scratch: Scratch, ends: readonly [string, string]): Promise<ChildProcess> => {
  const child = spawn(
    'socat',
    ends.map((end) => `pty,raw,echo=0,link=${end}`),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  scratch.atEnd(() => child.kill('SIGKILL'));
  while (!ends.every(existsSync)) await sleep(20);
  return child;
};

const devicesOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`)
    .map((descriptor) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
      } catch {
        return '';
      }
    })
    .filter((file) => file.startsWith('/dev/pts/'));

/** An instance whose gate reaches its keep over a line. */
const startOverLine = async (scratch: Scratch, [keepEnd, gateEnd]: readonly [string, string]): Promise<DevInstance> => {
  const first = await startDevInstance(scratch);
  await first.stop();
  const file = path.join(first.dir, 'chatelaine.toml');
  const changed = readFileSync(file, 'utf8')
    .replace(/^\[keep\]\n/m, (head) => `${head}serial_lines = [{ device = "${keepEnd}" }]\n`)
    .replace(/^\[gate\]\n/m, (head) => `${head}serial_line = { device = "${gateEnd}" }\n`)
    .replace(/^\[gate\.http\]\n/m, (head) => `${head}answer_seconds = 2\n`);
  writeFileSync(file, changed);
  return await startDevInstance(scratch, { dir: first.dir });
};

test('codes are verified over a line; one that is cut refuses, and goes on by itself when it is joined again', async () => {
  await using scratch = new Scratch();
  const place = scratch.directory();
  const ends = [path.join(place, 'keep'), path.join(place, 'gate')] as const;
  const cable = await startCable(scratch, ends);
  const instance = await startOverLine(scratch, ends);

  await instance.run(['user', 'add', 'ada']);
  await instance.run(['otp', 'enroll', 'ada', '--hotp', '--given'], { input: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' });
  await instance.run(['otp', 'confirm', 'ada', '--hotp'], { input: '755224\n287082\n' });
  await instance.run(['otp', 'enroll', 'ada', '--yubikey', '--public-id', publicId, '--given'], {
    input: `${privateId},${aesKey}\n`,
  });
  await instance.run(['otp', 'confirm', 'ada', publicId, '--yubikey'], { input: await otp(0) });
  const grants = ['hotp.verify:**', 'yubiotp.verify:**'].flatMap((grant) => ['--grant', grant]);
  const token = (await instance.run(['token', 'create', 'sso', ...grants])).trim();
  const verify = async (what: 'hotp' | 'yubiotp', body: object): Promise<string> => {
    const answer = await fetch(`http://${instance.http}/v1/${what}/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { code } = (await answer.json()) as { readonly code?: string };
    return code ?? 'ok';
  };
  const hotp = async (counter: number): Promise<string> =>
    await verify('hotp', {
      user: 'ada',
      code: (await runToSuccess('oathtool', ['--hotp', '-c', String(counter), seed])).trim(),
    });

  assert.equal(await verify('yubiotp', { otp: await otp(1) }), 'ok');
  assert.equal(await verify('yubiotp', { otp: await otp(1) }), 'replayed');
  assert.equal(await hotp(2), 'ok');
  assert.deepEqual([...new Set(devicesOf(instance.pidOf('gate')))], [realpathSync(ends[1])], 'over the line it was');

  const ended = once(cable, 'exit');
  cable.kill('SIGKILL');
  await ended;
  assert.equal(await hotp(3), 'unavailable');

  await startCable(scratch, ends);
  const nobody = { user: 'nobody', code: '000000' };
  for (const since = Date.now(); (await verify('hotp', nobody)) !== 'wrong-code'; await sleep(100)) {
    assert.ok(Date.now() - since < 60_000, 'never up again');
  }
  assert.equal(await hotp(4), 'ok');
  assert.equal(await hotp(4), 'wrong-code');
  assert.equal(await verify('yubiotp', { otp: await otp(1) }), 'replayed');
  assert.equal(await verify('yubiotp', { user: 'ada', otp: await otp(2) }), 'ok');
});

// A service with a token checks the codes that people give it over HTTP, and a phone can read what the terminal draws.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { drawQr } from '../../client/cli/src/otp/draw-qr.ts';
import { otpauthUri } from '../../client/cli/src/otp/otpauth-uri.ts';
import { startDevInstance } from '../support/dev-instance.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test('a service whose token may verify codes of a user gets a code accepted once, and of nobody else', async () => {
  await using scratch = new Scratch();
  const instance = await startDevInstance(scratch);
  for (const user of ['ada', 'bob']) {
    await instance.run(['user', 'add', user]);
    await instance.run(['otp', 'enroll', user, '--hotp', '--given'], { input: seed });
    await instance.run(['otp', 'confirm', user, '--hotp'], { input: '755224\n287082\n' });
  }
  const token = (await instance.run(['token', 'create', 'sso', '--grant', 'hotp.verify:ada'])).trim();
  const verify = async (user: string, counter: number): Promise<string> => {
    const code = (await runToSuccess('oathtool', ['--hotp', '-b', '-c', String(counter), seed])).trim();
    const answer = await fetch(`http://${instance.http}/v1/hotp/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user, code, source: { address: '192.0.2.7' } }),
    });
    const text = await answer.text();
    return `${answer.status} ${text.includes('wrong-code') ? 'wrong-code' : text.includes('default') ? 'default' : ''}`;
  };
  assert.equal(await verify('ada', 2), '200 default');
  assert.equal(await verify('ada', 2), '403 wrong-code');
  assert.equal(await verify('bob', 2), '403 ', 'it was not granted bob');
});

test('what the terminal draws is read by zbarimg as the URI', async () => {
  const uri = otpauthUri(Buffer.from('1234567890'.repeat(7).slice(0, 64)), {
    ...{ kind: 'totp', issuer: 'Zürich & Co', account: 'ada', algorithm: 'sha512' },
    ...{ digits: 8, periodSeconds: 60, counter: 0 },
  });
  const lines = stripVTControlCharacters(drawQr(uri)).trimEnd().split('\n');
  const width = Math.max(...lines.map((line) => line.length));
  const rows = lines.flatMap((line) => {
    const blocks = [...line.padEnd(width)];
    const upper = blocks.map((block) => (block === '▀' || block === '█' ? 1 : 0));
    return [upper, blocks.map((block) => (block === '▄' || block === '█' ? 1 : 0))];
  });
  const scale = 4;
  const wide = rows.map((row) => row.flatMap((bit) => Array<number>(scale).fill(bit)).join(' '));
  const pixels = wide.flatMap((row) => Array<string>(scale).fill(row));
  await using scratch = new Scratch();
  const file = `${scratch.directory()}/code.pbm`;
  await writeFile(file, `P1\n${width * scale} ${pixels.length}\n${pixels.join('\n')}\n`);
  assert.equal((await runToSuccess('zbarimg', ['-q', '--raw', '-S*.disable', '-Sqrcode.enable', file])).trim(), uri);
});

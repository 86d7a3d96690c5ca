// Codes made by Debian's oathtool, for what `chatelaine otp enroll` shows. oathtool(1)

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

interface Enrolled {
  readonly kind: string;
  readonly uri: string;
}

suite('oathtool', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  before(async () => {
    instance = await startDevInstance(scratch);
    for (const name of ['ada', 'sha1', 'sha256', 'sha512']) await instance.run(['user', 'add', name]);
  });
  after(() => scratch[Symbol.asyncDispose]());

  const enroll = async (user: string, ...options: string[]): Promise<URL> => {
    const printed = await instance.run(['otp', 'enroll', user, '--json', ...options]);
    return new URL((JSON.parse(printed) as Enrolled).uri);
  };
  const secretOf = (uri: URL): string => uri.searchParams.get('secret') ?? '';
  const oathtool = async (...options: string[]): Promise<string> => await runToSuccess('oathtool', options);
  const exitOf = async (args: readonly string[], input: string): Promise<number | undefined> =>
    (await instance.attempt(['otp', ...args], { input })).code ?? undefined;

  for (const algorithm of ['sha1', 'sha256', 'sha512']) {
    for (const digits of ['6', '7', '8']) {
      test(`codes by time are accepted once: ${algorithm}, ${digits} digits`, async () => {
        const name = `digits-${digits}`;
        const uri = await enroll(algorithm, '--totp', '--name', name, '--algorithm', algorithm, '--digits', digits);
        const codeIn = (seconds: number): Promise<string> =>
          oathtool(`--totp=${algorithm}`, '-b', '-d', digits, '-N', `now + ${seconds} seconds`, secretOf(uri));
        const verify = (code: string) => exitOf(['verify', algorithm, '--totp', '--name', name], code);
        const first = await codeIn(0);
        assert.equal(await verify(first), 1, 'not confirmed yet');
        assert.equal(await exitOf(['confirm', algorithm, name, '--totp'], first), 0);
        assert.equal(await verify(first), 1, 'spent');
        const second = await codeIn(30);
        assert.equal(await verify(second), 0);
        assert.equal(await verify(second), 1, 'replayed');
      });
    }
  }

  for (const digits of ['6', '7', '8']) {
    test(`codes by counter are accepted once, and found again when the device went astray: ${digits} digits`, async () => {
      const name = `counter-${digits}`;
      const uri = await enroll('ada', '--hotp', '--name', name, '--digits', digits, '--counter', '7');
      assert.equal(uri.searchParams.get('counter'), '7');
      const codes = (counter: number, more: number): Promise<string> =>
        oathtool('--hotp', '-b', '-d', digits, '-c', String(counter), '-w', String(more), secretOf(uri));
      const verify = async (counter: number) =>
        exitOf(['verify', 'ada', '--hotp', '--name', name], await codes(counter, 0));
      assert.equal(await exitOf(['confirm', 'ada', name, '--hotp'], await codes(7, 1)), 0);
      assert.equal(await verify(8), 1, 'spent');
      assert.equal(await verify(12), 0, 'some were skipped');
      assert.equal(await verify(12), 1, 'replayed');
      assert.equal(await verify(300), 1, 'too far ahead');
      assert.equal(await exitOf(['resync', 'ada', name, '--hotp'], await codes(300, 1)), 0);
      assert.equal(await verify(302), 0);
    });
  }

  test('a seed that a device has already is taken up as it is written', async () => {
    const seed = 'gezd gnbv gy3t qojq gezd gnbv gy3t qojq';
    await instance.run(['user', 'add', 'bob']);
    await instance.run(['otp', 'enroll', 'bob', '--hotp', '--given'], { input: `${seed}\n` });
    assert.equal(await exitOf(['confirm', 'bob', '--hotp'], '755224\n287082\n'), 0, 'RFC 4226, appendix D');
    assert.equal(await exitOf(['verify', 'bob', '--hotp'], '359152\n'), 0);
  });

  test('what was removed is not accepted, and the list tells what is left', async () => {
    await instance.run(['user', 'add', 'eve']);
    await instance.run(['otp', 'enroll', 'eve', '--totp', '--json']);
    const listed = async () => JSON.parse(await instance.run(['otp', 'list', 'eve', '--json'])) as { state: string }[];
    assert.deepEqual(
      (await listed()).map(({ state }) => state),
      ['unconfirmed'],
    );
    await instance.run(['otp', 'remove', 'eve', '--totp', '--yes']);
    assert.deepEqual(await listed(), []);
  });
});

// The password agent with systemd's own programs that ask: systemd-ask-password, and systemd-cryptsetup for a LUKS volume.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeLuksImage } from '../support/luks-image.ts';
import { type Finished, runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const unlock = path.join(import.meta.dirname, '../../bin/chatelaine-unlock');

/** What every script begins with: a directory for questions of its own, and the few words that the tests are written in. */
const words = `
set -u
mkdir -p /run/systemd/ask-password
mount -t tmpfs -o mode=755 none /run/systemd/ask-password || exit 99
ask() { systemd-ask-password --no-tty --timeout="$1" --id="$2" 'Say it:' </dev/null; }
agent() { "$UNLOCK" agent "$@"; echo "agent $?"; }
questions() { ls /run/systemd/ask-password/ask.* 2>/dev/null | wc -l; }
until_asked() { until [ "$(questions)" -eq "$1" ]; do sleep 0.05; done; }
`;

describe('the password agent', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());
  before(() => assert.equal(process.geteuid?.(), 0, 'systemd takes answers only from root'));

  const inPrivate = (script: string, args: readonly string[] = []): Promise<Finished> => {
    const command = ['--mount', '--propagation', 'private', 'bash', '-c', words + script, 'bash', ...args];
    return runProgram('timeout', ['30', 'unshare', ...command], { env: { UNLOCK: unlock } });
  };

  test('answers systemd-ask-password for a disk, and ends when nothing is asked any more', async () => {
    const { stdout, stderr } = await inPrivate(`
      ask 20 cryptsetup:/dev/sda2 & until_asked 1
      agent -- printf 'correct horse  battery\\tstaple '
      wait`);
    assert.equal(stdout.toString(), 'correct horse  battery\tstaple \nagent 0\n', stderr);
    assert.match(stderr, /waiting for the password of cryptsetup:\/dev\/sda2 from printf/);
  });

  test('a line end in a password arrives', async () => {
    const { stdout } = await inPrivate(`ask 20 cryptsetup:x & until_asked 1; agent printf 'one\\ntwo'; wait`);
    assert.equal(stdout.toString(), 'one\ntwo\nagent 0\n');
  });

  test('answers every disk that asks meanwhile, and the client runs once', async () => {
    const counted = path.join(scratch.directory(), 'counted');
    const { stdout } = await inPrivate(
      `ask 20 cryptsetup:a & until_asked 1
       agent -- sh -c 'echo once >> "$0"; sleep 1; printf password' "$1" &
       sleep 0.3; for disk in b c d e; do ask 20 cryptsetup:$disk & done
       wait`,
      [counted],
    );
    assert.deepEqual(stdout.toString().trim().split('\n').toSorted(), ['agent 0', ...Array(5).fill('password')]);
    assert.equal(readFileSync(counted, 'utf8'), 'once\n');
  });

  test('says nothing to a question that is not for a disk', async () => {
    const { stdout } = await inPrivate(`
      { ask 1 something:else; echo "asked $?"; } & until_asked 1
      agent -- printf password; wait`);
    assert.match(stdout.toString(), /asked 1/);
    assert.doesNotMatch(stdout.toString(), /password/);
    assert.match(stdout.toString(), /agent 0/);
  });

  test('answers other questions if it is told so, by how they begin, or all of them', async () => {
    const { stdout } = await inPrivate(`
      ask 20 something:else & until_asked 1; agent --id something: printf one; wait
      ask 20 '' & until_asked 1; agent --any printf two; wait`);
    assert.equal(stdout.toString(), 'one\nagent 0\ntwo\nagent 0\n');
  });

  test('leaves a disk that asks again to the person: the password did not fit', async () => {
    const { stdout, stderr } = await inPrivate(`
      { ask 20 cryptsetup:/dev/sda2; ask 1 cryptsetup:/dev/sda2; echo "asked $?"; } & until_asked 1
      # A disk that goes on asking keeps the agent there.
      ask 2 something:else & until_asked 2
      agent -- printf wrong; wait`);
    assert.equal(stdout.toString().match(/wrong/g)?.length, 1, stderr);
    assert.match(stdout.toString(), /asked 1/);
    assert.match(stderr, /did not open cryptsetup:\/dev\/sda2; it has to be typed/);
  });

  test('a password that systemd would cut or split is not sent', async () => {
    const { stdout, stderr } = await inPrivate(`
      { ask 1 cryptsetup:x; echo "asked $?"; } & until_asked 1; agent printf 'a\\0b'; wait
      { ask 1 cryptsetup:x; echo "asked $?"; } & until_asked 1; agent head -c 2049 /dev/zero; wait
      { ask 1 cryptsetup:x; echo "asked $?"; } & until_asked 1; agent -- sh -c 'yes | head -c 2049'; wait`);
    assert.deepEqual(stdout.toString().match(/asked 1/g)?.length, 3);
    assert.match(stderr, /zero byte/);
    assert.match(stderr, /longer than the 2048 bytes/);
  });

  test('ends with 1 if the client fails, whatever it wrote, or nothing is asked', async () => {
    const { stdout } = await inPrivate(`
      ask 1 cryptsetup:x & until_asked 1; agent -- sh -c 'printf half; exit 3'; wait
      agent printf password`);
    assert.equal(stdout.toString(), 'agent 1\nagent 1\n');
  });

  test('ends with 72 without a directory, with 64 at a wrong option, and never makes a client root', async () => {
    const codes = await Promise.all(
      [['-d', '/nonexistent'], ['--no-such-option'], ['--user=0'], ['--group=root'], ['--help']].map(
        async (options) => (await runProgram(unlock, ['agent', ...options, '--', 'true'])).code,
      ),
    );
    assert.deepEqual(codes, [72, 64, 64, 64, 64]);
  });

  test('the client runs as who it was told to, and finds its helpers', async () => {
    const { stdout } = await inPrivate(`
      ask 20 cryptsetup:x & until_asked 1
      agent -u 65533 --group=65532 --helper-directory=/helpers -- \
        sh -c 'printf "%s" "$(id -u) $(id -g) $MANDOSPLUGINHELPERDIR"'
      wait`);
    assert.match(stdout.toString(), /^65533 65532 \/helpers$/m);
  });

  test('answers systemd-cryptsetup, which asks for a LUKS volume', async () => {
    const image = path.join(scratch.directory(), 'image');
    await makeLuksImage(image, Buffer.from('the pass phrase'));
    // It takes the answer, and fails only where there is no device-mapper.
    const { stderr } = await inPrivate(
      `{ /lib/systemd/systemd-cryptsetup attach chatelaine-test "$1" - luks,tries=1; } & until_asked 1
       agent -- printf 'the pass phrase'; wait`,
      [image],
    );
    assert.match(stderr, new RegExp(`answered for cryptsetup:${image}`));
    assert.doesNotMatch(stderr, /Failed to query password/);
  });
});

// The prompts of `set` at a real terminal, the original's and ours: an x for each character, erasing, an interrupt; and what is typed
// is never shown.

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { ourTrocla, realTrocla, type Side, TroclaPair } from '../support/trocla-pair.ts';

/** Runs a command at a terminal of its own; types each answer a moment after its question. Prints what was shown, and how it ended. */
const atTerminal = `
import os, pty, sys, time, select, json
command, answers = json.loads(sys.argv[1]), json.loads(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0: os.execv(command[0], command)
shown = b''
def read(until, seconds):
    global shown
    begin, end = len(shown), time.time() + seconds
    while time.time() < end:
        if not select.select([terminal], [], [], 0.1)[0]: continue
        try: part = os.read(terminal, 1000)
        except OSError: return
        if not part: return
        shown += part
        if until is not None and until in shown[begin:]: return
for answer in answers:
    read(b'password: ', 20)
    time.sleep(0.5)
    os.write(terminal, answer.encode())
read(None, 20)
print(json.dumps([shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]))
`;

suite('trocla at a terminal', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  const typed = async (
    program: string,
    { config }: Side,
    answers: readonly string[],
  ): Promise<readonly [string, number]> => {
    const command = [program, '-c', config, 'set', 'k', 'plain'];
    return JSON.parse(
      await runToSuccess('python3', ['-c', atTerminal, JSON.stringify(command), JSON.stringify(answers)]),
    );
  };

  test('shows an x for each character, and takes back what is erased', async () => {
    for (const answers of [
      ['secret\r', 'secret\r'],
      ['sexx\u007f\u007fcret\r', 'secret\r'],
      ['secret\r', 'other\r'],
    ]) {
      const pair = new TroclaPair(scratch);
      const [real, ours] = await Promise.all([
        typed(realTrocla, pair.real, answers),
        typed(ourTrocla, pair.ours, answers),
      ]);
      assert.deepEqual(ours, real);
      assert.doesNotMatch(JSON.stringify(ours), /secr|other/);
      await pair.same(['get', 'k', 'plain']);
    }
  });

  test('ends at an interrupt, and stores nothing', async () => {
    const pair = new TroclaPair(scratch);
    const [shown, code] = await typed(ourTrocla, pair.ours, ['sec\u0003']);
    assert.equal(code, -2);
    assert.doesNotMatch(shown, /sec/);
    assert.equal((await pair.ours.run(['get', 'k', 'plain'])).code, 1);
  });
});

// The screen of `chatelaine monitor` on a real terminal, with real machines: what is on it, and what its keys do.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { TmuxScreen } from '../support/tmux-screen.ts';

const chatelaine = path.join(import.meta.dirname, '..', '..', 'bin', 'chatelaine');
const MANY = 1_000;

const stanza = (number: number): string =>
  `[rack${number % 7}/m${number}]\nkey_id = ${String(number).padStart(64, '0')}\nsecret = AAAA\nchecker = true\nhost = h${number}\n`;

suite('chatelaine monitor', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let waits: MandosMachine;
  let signed: MandosMachine;
  let key: string;

  const open = (size = { columns: 120, rows: 30 }, args = ''): Promise<TmuxScreen> => {
    const env = { CHATELAINE_DIR: instance.dir, LC_ALL: 'C.UTF-8', TERM: 'tmux-256color' };
    return TmuxScreen.start(scratch, `'${chatelaine}' monitor ${args}`, { ...size, env });
  };

  const stateOf = async (name: string): Promise<string> =>
    JSON.parse(await instance.run(['machine', 'show', name, '--json'])).state;

  before(async () => {
    instance = await startDevInstance(scratch);
    const directory = scratch.directory();
    waits = await createMandosMachine(directory, 'waits', 'password of waits');
    signed = await createMandosMachine(directory, 'signed', 'password of signed');
    key = path.join(directory, 'anna');
    await runToSuccess('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const file = path.join(directory, 'clients.conf');
    const many = Array.from({ length: MANY }, (_, at) => stanza(at));
    writeFileSync(file, [waits.stanza, signed.stanza, ...many].join('\n'), { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    await instance.run([
      'machine',
      'set',
      'waits',
      '--approval-delay',
      '10m',
      '--deny-by-default',
      '--checker',
      'true',
    ]);
    await instance.run(['approver', 'add', 'anna', `${key}.pub`]);
    await instance.run(['machine', 'set', 'signed', '--approvers', 'anna', '--checker', 'true']);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('shows how many there are, and those that fit', async () => {
    const screen = await open();
    await screen.until(new RegExp(`^chatelaine +${MANY + 2} machines, ${MANY + 2} enabled`));
    assert.match(await screen.until(/^rack0\/m0 /), /enabled +█+ +\d+m/);
    await screen.press('End');
    await screen.until(/^waits /);
    await screen.resize(80, 20);
    const bars = (lines: readonly string[]): number => lines.filter((line) => line.includes('█')).length;
    const smaller = await screen.untilScreen((lines) => bars(lines) === 20 - 3 - 5, 'a smaller screen');
    assert.ok(smaller.some((line) => line.startsWith('waits ')));
    await screen.press('q');
    await screen.until(/^ended 0$/);
  });

  test('finds, sorts, and shows one state only', async () => {
    const screen = await open();
    await screen.until(/^rack0/);
    await screen.type('/m77');
    await screen.press('Enter');
    await screen.until(/"m77": 11 found/);
    await screen.press('r');
    await screen.until(/by name, reversed/);
    assert.match((await screen.lines())[2] ?? '', /^rack6\/m77/);
    await screen.press('Escape');
    await screen.press('f', 'f', 'f', 'f');
    await screen.until(/only disabled/);
    await screen.until(/^None of the machines\.$/);
    await screen.press('q');
    await screen.until(/^ended 0$/);
  });

  test('cuts a machine off and lets it in again, after asking; what others change is seen at once', async () => {
    const screen = await open();
    await screen.until(/^rack0/);
    await screen.type('/m500');
    await screen.press('Enter', 'x');
    await screen.until(/^Cut rack3\/m500 off\? \[y\/N\]/);
    await screen.press('n');
    await screen.until(/^Not done\./);
    assert.equal(await stateOf('rack3/m500'), 'enabled');
    await screen.press('x', 'y');
    await screen.until(/^rack3\/m500: done\./);
    assert.match(await screen.until(/^rack3\/m500 /), /disabled/);
    assert.equal(await stateOf('rack3/m500'), 'disabled');
    await instance.run(['machine', 'enable', 'rack3/m500']);
    await screen.until(/^rack3\/m500 +enabled/);
    await instance.run(['machine', 'remove', 'rack3/m500', '--yes']);
    await screen.until(/rack3\/m500 was removed\./);
    await screen.until(/"m500": 0 found/);
  });

  test('shows who waits, and lets the machine have its secret when its request is approved', async () => {
    const screen = await open();
    await screen.until(/^rack0/);
    const fetching = waits.fetch(instance.mandosPort, 60_000);
    await screen.until(/^[0-9a-f]{8} waits .* then refused +any administrator/);
    await screen.press('Tab', 'a');
    await screen.until(/^Approve the request of waits from .*\? \[y\/N\]/);
    await screen.press('y');
    const fetched = await fetching;
    assert.equal(fetched.stdout.toString(), 'password of waits');
    await screen.until(/waits at .* got its secret\./);
    assert.match(await screen.until(/^waits /), /released \d+s ago/);
  });

  test('has what is signed shown, signs it with OpenSSH, and goes back', async () => {
    const screen = await open({ columns: 120, rows: 40 }, `--key '${key}'`);
    await screen.until(/^rack0/);
    const fetching = signed.fetch(instance.mandosPort, 60_000);
    await screen.until(/^[0-9a-f]{8} signed .* 0 of 1, still anna/);
    await screen.press('Tab', 'a', 'y');
    await screen.until(/^As anna you sign exactly this:/);
    await screen.until(/^ {2}decision: approve$/);
    await screen.until(/^ {2}machine: signed$/);
    await screen.until(/^Sign it\? \[y\/N\]/);
    await screen.press('y', 'Enter');
    assert.equal((await fetching).stdout.toString(), 'password of signed');
    await screen.until(/^signed is approved\./);
    await screen.press('Enter');
    await screen.until(/^NAME +STATE/);
  });

  test('colours say what words say, and the selected line is reversed', async () => {
    const screen = await open();
    await screen.until(/^rack0/);
    const painted = await screen.painted();
    assert.ok(painted.includes('\u001b[38;5;28m'));
    assert.ok(painted.split('\n').some((line) => /;?7m/.test(line) && line.includes('rack0/m0 ')));
  });

  test('says that the keep is gone, and goes on when it is back', async () => {
    const screen = await open();
    await screen.until(/^rack0/);
    assert.equal(await instance.stop(), 0);
    await screen.until(/^NOT CONNECTED: /);
    instance = await startDevInstance(scratch, { dir: instance.dir });
    await screen.until(/^chatelaine +\d+ machines/);
    await instance.run(['machine', 'disable', 'rack0/m0']);
    await screen.until(/^rack0\/m0 +disabled/);
  });

  test('needs a terminal, and says what to do without', async () => {
    const ended = await instance.attempt(['monitor']);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /needs a terminal[\s\S]*machine list --json/);
  });
});

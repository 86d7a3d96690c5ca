// The screen of `chatelaine monitor` on a real terminal, with real machines: what is on it, and what its keys do.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';
import { startOnTerminal, type TerminalScreen } from '../support/terminal-screen.ts';

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

  const open = (size = { columns: 120, rows: 30 }, ...args: readonly string[]): Promise<TerminalScreen> => {
    const env = { CHATELAINE_DIR: instance.dir, TERM: 'tmux-256color' };
    return startOnTerminal(scratch, [chatelaine, 'monitor', ...args], env, size);
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
    await screen.shows(new RegExp(`^chatelaine +${MANY + 2} machines, ${MANY + 2} enabled`, 'm'));
    await screen.shows(/^rack0\/m0 +enabled +█+░* +\d+m/m);
    await screen.press('End');
    await screen.shows(/^waits /m);
    await screen.resize(80, 20);
    const smaller = await screen.shows(/^NAME.*\n(?:.*█.*\n){12}WHAT HAPPENED$/m);
    assert.match(smaller, /^waits /m);
    await screen.press('q');
    await screen.shows(/^ended with 0$/m);
  });

  test('finds, sorts, and shows one state only', async () => {
    const screen = await open();
    await screen.shows(/^rack0/m);
    await screen.type('/m77');
    await screen.press('Enter');
    await screen.shows(/"m77": 11 found/m);
    await screen.press('r');
    await screen.shows(/by name, reversed.*\nNAME.*\nrack6\/m77/);
    await screen.press('Escape');
    await screen.press('f', 'f', 'f', 'f');
    await screen.shows(/only disabled/m);
    await screen.shows(/^None of the machines\.$/m);
    await screen.press('q');
    await screen.shows(/^ended with 0$/m);
  });

  test('cuts a machine off and lets it in again, after asking; what others change is seen at once', async () => {
    const screen = await open();
    await screen.shows(/^rack0/m);
    await screen.type('/m500');
    await screen.press('Enter', 'x');
    await screen.shows(/^Cut rack3\/m500 off\? \[y\/N\]/m);
    await screen.press('n');
    await screen.shows(/^Not done\./m);
    assert.equal(await stateOf('rack3/m500'), 'enabled');
    await screen.press('x', 'y');
    await screen.shows(/^rack3\/m500: done\./m);
    await screen.shows(/^rack3\/m500 +disabled/m);
    assert.equal(await stateOf('rack3/m500'), 'disabled');
    await instance.run(['machine', 'enable', 'rack3/m500']);
    await screen.shows(/^rack3\/m500 +enabled/m);
    await instance.run(['machine', 'remove', 'rack3/m500', '--yes']);
    await screen.shows(/rack3\/m500 was removed\./m);
    await screen.shows(/"m500": 0 found/m);
  });

  test('shows who waits, and lets the machine have its secret when its request is approved', async () => {
    const screen = await open();
    await screen.shows(/^rack0/m);
    const fetching = waits.fetch(instance.mandosPort, 60_000);
    await screen.shows(/^[0-9a-f]{8} waits .* then refused +any administrator/m);
    await screen.press('Tab', 'a');
    await screen.shows(/^Approve the request of waits from .*\? \[y\/N\]/m);
    await screen.press('y');
    const fetched = await fetching;
    assert.equal(fetched.stdout.toString(), 'password of waits');
    await screen.shows(/waits at .* got its secret\./m);
    await screen.shows(/^waits .* released \d+s ago/m);
  });

  test('has what is signed shown, signs it with OpenSSH, and goes back', async () => {
    const screen = await open({ columns: 120, rows: 40 }, '--key', key);
    await screen.shows(/^rack0/m);
    const fetching = signed.fetch(instance.mandosPort, 60_000);
    await screen.shows(/^[0-9a-f]{8} signed .* 0 of 1, still anna/m);
    await screen.press('Tab', 'a', 'y');
    await screen.shows(/^As anna you sign exactly this:/m);
    await screen.shows(/^ {2}decision: approve$/m);
    await screen.shows(/^ {2}machine: signed$/m);
    await screen.shows(/^Sign it\? \[y\/N\]/m);
    await screen.press('y', 'Enter');
    assert.equal((await fetching).stdout.toString(), 'password of signed');
    await screen.shows(/^signed is approved\./m);
    await screen.press('Enter');
    await screen.shows(/^NAME +STATE/m);
  });

  test('says of whom a one-time code is needed, takes it, and goes back', async () => {
    await instance.run(['user', 'add', 'ben']);
    const { uri } = JSON.parse(await instance.run(['otp', 'enroll', 'ben', '--hotp', '--json']));
    const seed = new URL(uri).searchParams.get('secret') ?? '';
    const codes = (await runToSuccess('oathtool', ['--hotp', '-b', '-w', '2', seed])).trim().split('\n');
    await instance.run(['otp', 'confirm', 'ben', '--hotp'], { input: codes.slice(0, 2).join('\n') });
    await instance.run(['machine', 'set', 'signed', '--no-approvers', '--code-of', 'ben']);
    const screen = await open({ columns: 140, rows: 30 });
    await screen.shows(/^rack0/m);
    const fetching = signed.fetch(instance.mandosPort, 60_000);
    await screen.shows(/^[0-9a-f]{8} signed .* a code of ben/m);
    await screen.press('Tab', 'a', 'y');
    await screen.shows(/^A one-time code of ben lets it have its secret\./m);
    await screen.type(codes[2] ?? '');
    await screen.press('Enter');
    assert.equal((await fetching).stdout.toString(), 'password of signed');
    await screen.shows(/^The code of ben counts for signed, this once\./m);
    await screen.press('Enter');
    await screen.shows(/^chatelaine .*machines/m);
    await screen.press('q');
  });

  test('colours say what words say, and the selected line is reversed', async () => {
    const screen = await open();
    await screen.shows(/^NAME.*\nrack0\/m0 /m);
    const painted = await screen.painted();
    assert.ok(painted.includes('\u001b[38;5;28m'));
    assert.ok(painted.split('\n').some((line) => /;?7m/.test(line) && line.includes('rack0/m0 ')));
  });

  test('has the colours of `machine list` on a terminal, which has none in a pipe', async () => {
    const env = { CHATELAINE_DIR: instance.dir, TERM: 'tmux-256color' };
    const list = ['machine', 'list', '--state', 'waiting'];
    const fetching = waits.fetch(instance.mandosPort, 60_000);
    const screen = await open();
    await screen.shows(/^[0-9a-f]{8} waits /m);
    const listed = await startOnTerminal(scratch, [chatelaine, ...list], env);
    await listed.shows(/^ended with 0$/m);
    const painted = await listed.painted();
    assert.ok(painted.split('\n').some((line) => line.startsWith('waits') && line.includes('[38;5;130mwaiting')));
    assert.match(await instance.run(list), /^NAME +STATE.*\nwaits +waiting +\S+.* 1 +\S*/);
    await instance.run(['deny', 'waits']);
    await screen.shows(/waits at .* got nothing: A person said no\./);
    await fetching;
  });

  test('gives the terminal back at Ctrl-Z, and takes it again', async () => {
    const env = { CHATELAINE_DIR: instance.dir, TERM: 'tmux-256color' };
    const screen = await startOnTerminal(scratch, ['bash', '--norc', '--noprofile'], env, { columns: 120, rows: 30 });
    await screen.type(`'${chatelaine}' monitor`);
    await screen.press('Enter');
    await screen.shows(/^rack0/m);
    await screen.press('C-z');
    await screen.shows(/Stopped +.*monitor/);
    await screen.type('stty -a; fg');
    await screen.press('Enter');
    await screen.shows(/^rack0/m);
    await screen.press('q');
    const left = await screen.shows(/^bash.*[#$] ?$/m);
    assert.match(left, /(^| )icanon/m);
    assert.doesNotMatch(left, /^rack0/m);
  });

  test('says that the keep is gone, and goes on when it is back', async () => {
    const screen = await open();
    await screen.shows(/^rack0/m);
    assert.equal(await instance.stop(), 0);
    await screen.shows(/^NOT CONNECTED: /m);
    instance = await startDevInstance(scratch, { dir: instance.dir });
    await screen.shows(/^chatelaine +\d+ machines/m);
    await instance.run(['machine', 'disable', 'rack0/m0']);
    await screen.shows(/^rack0\/m0 +disabled/m);
  });

  test('needs a terminal, and says what to do without', async () => {
    const ended = await instance.attempt(['monitor']);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /needs a terminal[\s\S]*machine list --json/);
  });
});

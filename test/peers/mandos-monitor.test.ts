// Debian's own mandos-monitor on our server, in a terminal: it shows the machines and what happens to them, and its keys do what
// they say. A stock mandos-client waits for the person who presses them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { stanza } from '../support/mandos-servers.ts';
import { Scratch } from '../support/scratch.ts';
import { startSystemBus } from '../support/system-bus.ts';
import { startOnTerminal, type TerminalScreen } from '../support/terminal-screen.ts';

const password = 'a password that waits for a person';

// Longer than the test takes, so that only a key ends it.
const approval = 'approval_delay = PT10M\napproved_by_default = no\napproval_duration = PT1S\n';

suite('the stock mandos-monitor of Debian', () => {
  const scratch = new Scratch();
  let bus: string;
  let instance: DevInstance;
  let machine: MandosMachine;
  let screen: TerminalScreen;

  const importFile = async (text: string): Promise<void> => {
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, text, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
  };

  const isEnabled = async (name: string): Promise<boolean> =>
    JSON.parse(await instance.run(['machine', 'show', name, '--json'])).state === 'enabled';

  before(async () => {
    bus = await startSystemBus(scratch);
    instance = await startDevInstance(scratch, { bus });
    machine = await createMandosMachine(scratch.directory(), 'asks', password);
    // The one that is asked about comes first on the screen, where the keys act.
    await importFile(
      [
        '[DEFAULT]\ninterval = P1D\ntimeout = P3D\nchecker = true\n',
        machine.stanza.replace('[asks]\n', `[asks]\n${approval}`),
        stanza('other', { enabled: 'no' }),
      ].join('\n'),
    );
    await instance.run(['machine', 'vouch', 'asks']);
    screen = await startOnTerminal(scratch, ['/usr/sbin/mandos-monitor'], { DBUS_SYSTEM_BUS_ADDRESS: bus });
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('starts and shows the machines as they are', async () => {
    const seen = await screen.shows(/^asks: enabled$[\s\S]*^other: DISABLED$/m);
    assert.match(seen, /Mandos Monitor version/);
  });

  test('disables and enables the machine it stands on', async () => {
    await screen.press('-');
    await screen.shows(/^asks: DISABLED$/m);
    assert.equal(await isEnabled('asks'), false);
    await screen.press('+');
    await screen.shows(/^asks: enabled$/m);
    assert.equal(await isEnabled('asks'), true);
    assert.equal(await isEnabled('other'), false);
  });

  test('shows a machine that waits, and approves it: its client gets the password', async () => {
    const fetching = machine.fetch(instance.mandosPort, 60_000);
    await screen.shows(/^asks: Denial in 0:09:\d\d\. \(a\)pprove\?$/m);
    await screen.shows(/Client asks needs approval within 600\.0+ seconds/);
    await screen.press('a');
    const { code, stdout, stderr } = await fetching;
    assert.equal(code, 0, stderr);
    assert.equal(stdout.toString(), password);
    await screen.shows(/Client asks received its secret/);
    await screen.shows(/^asks: enabled$/m);
  });

  test('denies one that waits: its client gets nothing', async () => {
    // The approval before counts for a second; then it has to be asked for again.
    await sleep(1_100);
    // The client never gives up by itself, and asks again when it was refused.
    const fetching = machine.fetch(instance.mandosPort, 8_000);
    await screen.shows(/^asks: Denial in/m);
    await screen.press('d');
    await screen.shows(/Client asks was rejected; reason: Denied/);
    const { stdout } = await fetching;
    assert.equal(stdout.length, 0);
  });

  test('tells of a key that nobody enrolled', async () => {
    const stranger = await createMandosMachine(scratch.directory(), 'stranger', password);
    await stranger.fetch(instance.mandosPort, 3_000);
    await screen.shows(/Client with address \S+ and key ID [0-9A-F]{64} could not be found/);
  });

  test('counts a machine as alive, and starts and stops its check', async () => {
    await screen.press('C');
    await instance.run(['machine', 'set', 'asks', '--checker', 'exit 7']);
    await screen.press('s');
    await screen.shows(/Checker for client asks \(command "exit 7"\) failed with exit code 7/);
    await screen.shows(/^asks: A checker has failed! Time until client gets disabled: \d/m);
    await instance.run(['machine', 'set', 'asks', '--checker', 'kill -9 $$']);
    await screen.press('s');
    await screen.shows(/Checker for client asks \(command "kill -9 \$\$"\) was killed by signal 9/);
    await screen.press('C');
    await screen.shows(/^asks: enabled$/m);
  });

  test('follows a restart of the server', async () => {
    const { dir } = instance;
    await instance.stop();
    await screen.shows(/^(?![\s\S]*^asks:)/m);
    instance = await startDevInstance(scratch, { dir, bus });
    await screen.shows(/^asks: enabled$[\s\S]*^other: DISABLED$/m);
  });

  test('shows a machine that is enrolled while it looks, and removes one', async () => {
    await importFile(stanza('between'));
    await screen.shows(/^asks: .*\nbetween: .*\nother: /m);
    await screen.press('R');
    await screen.shows(/^(?![\s\S]*^asks:)[\s\S]*^between:/m);
    const { code } = await instance.attempt(['machine', 'show', 'asks']);
    assert.notEqual(code, 0);
  });

  test('ends with q', async () => {
    await screen.press('q');
    await screen.shows(/^ended with 0$/m);
  });
});

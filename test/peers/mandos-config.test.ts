// The configuration and the saved state of Debian's Mandos server: taken over as that server itself would take them up, and
// written so that it reads them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type DebianMandos, startDebianMandos } from '../support/debian-mandos.ts';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

type Json = Readonly<Record<string, unknown>>;

const identity = (digit: string, secret: string): string =>
  `key_id = ${digit.repeat(64)}\nfingerprint = ${digit.repeat(40)}\nsecret =\n    ${Buffer.from(secret).toString('base64')}\n`;

// A secret beyond 1,021 bytes is what gpg's pass phrase is made of in another way.
const long = Buffer.alloc(1_300, 'a\\\n\0z').toString();

const clientsConf = `[DEFAULT]
interval = PT1M
note = 50%%

[web1]
${identity('1', 'secret of web1')}host = web1.example.org

[web2]
${identity('2', long)}timeout = 1h 30m
extended_timeout = P1DT1H
checker = test "%(note)s" = 50%% &&
    true %%(host)s %%%%
approval_delay = PT30S
approval_duration = PT15M
approved_by_default = no

[web3]
${identity('3', 'secret of web3')}enabled = False

[removed]
${identity('4', 'secret of removed')}

[stolen]
${identity('5', 'secret of stolen')}host =
`;

/** The settings of every client, as the server itself shows them on its bus. */
const dump = async ({ bus }: DebianMandos): Promise<Readonly<Record<string, Json>>> => {
  const env = { DBUS_SYSTEM_BUS_ADDRESS: bus };
  return JSON.parse(await runToSuccess('/usr/sbin/mandos-ctl', ['--dump-json'], { env }));
};

const SETTINGS = [
  ...['Name', 'KeyID', 'Fingerprint', 'Host', 'Checker', 'Timeout', 'ExtendedTimeout', 'Interval', 'Enabled'],
  ...['ApprovalDelay', 'ApprovalDuration', 'ApprovedByDefault'],
];

const settingsOf = (clients: Readonly<Record<string, Json>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(clients).map(([name, client]) => [name, SETTINGS.map((setting) => client[setting])]),
  );

/** The same of ours, in the same words. */
const ourSettings = async (instance: DevInstance): Promise<Readonly<Record<string, unknown>>> => {
  const machines: readonly (Json & { readonly settings: Json })[] = JSON.parse(
    await instance.run(['machine', 'list', '--json']),
  );
  const clients = machines.map(({ name, keyId, fingerprint, state, settings }) => [
    name,
    {
      Name: name,
      KeyID: String(keyId).toUpperCase(),
      Fingerprint: fingerprint,
      Host: settings['host'],
      Checker: settings['checker'],
      Timeout: settings['timeoutMs'],
      ExtendedTimeout: settings['extendedTimeoutMs'],
      Interval: settings['intervalMs'],
      Enabled: state === 'enabled',
      ApprovalDelay: settings['approvalDelayMs'],
      ApprovalDuration: settings['approvalDurationMs'],
      ApprovedByDefault: settings['approvedByDefault'],
    },
  ]);
  return settingsOf(Object.fromEntries(clients));
};

const secretsIn = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^\[(.*)\]$[^[]*^secret =\n((?: .*\n?)*)/gm)].map(([, name = '', lines = '']) => [
      name,
      Buffer.from(lines, 'base64').toString(),
    ]),
  );

suite('the configuration of Debian’s Mandos server', () => {
  const scratch = new Scratch();
  let instance: DevInstance;

  const importFile = async (text: string, ...more: readonly string[]): Promise<string> => {
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, text, { mode: 0o600 });
    return await instance.run(['machine', 'import', file, ...more]);
  };

  before(async () => {
    instance = await startDevInstance(scratch);
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('becomes the same machines here, setting by setting', async () => {
    const debian = await startDebianMandos(scratch, clientsConf);
    await importFile(clientsConf);
    assert.deepEqual(await ourSettings(instance), settingsOf(await dump(debian)));
  });

  test('is written so that the server reads it as if it were the one we read', async () => {
    const exported = await instance.run(['machine', 'export']);
    const [original, again] = [
      await startDebianMandos(scratch, clientsConf),
      await startDebianMandos(scratch, exported),
    ];
    assert.deepEqual(settingsOf(await dump(again)), settingsOf(await dump(original)));
    assert.equal(secretsIn(exported)['web2'], long);
  });

  test('is written so that it reads back as the same machines', async () => {
    const exported = await instance.run(['machine', 'export']);
    const before = await ourSettings(instance);
    await importFile(exported, '--replace');
    assert.deepEqual(await ourSettings(instance), before);
    assert.equal(await instance.run(['machine', 'export']), exported);
  });
});

/** A server that was changed while it ran, stopped in order, and its state. Now and then it does not manage to save it. */
const runAndChange = async (scratch: Scratch): Promise<{ readonly debian: DebianMandos; readonly state: Buffer }> => {
  const secret = path.join(scratch.directory(), 'secret');
  writeFileSync(secret, 'another\0secret\n');
  const changes = [
    ['--timeout', 'PT7M', '--host', 'höst', '--approval-delay', 'PT45S', '--deny-by-default', 'web1'],
    ['--secret', secret, '--checker', 'probe %(host)s', '--approval-duration', 'PT2S', 'web2'],
    ['--enable', 'web3'],
    ['--disable', 'stolen'],
    ['--remove', 'removed'],
  ];
  for (let attempt = 0; attempt < 8; attempt++) {
    const debian = await startDebianMandos(scratch, clientsConf);
    const env = { DBUS_SYSTEM_BUS_ADDRESS: debian.bus };
    for (const change of changes) await runToSuccess('/usr/sbin/mandos-ctl', change, { env });
    const state = await debian.stop();
    if (state !== undefined) return { debian, state };
  }
  throw new Error('the server never saved its state');
};

suite('the saved state of Debian’s Mandos server', () => {
  const scratch = new Scratch();
  after(() => scratch[Symbol.asyncDispose]());

  test('is taken over as the server itself takes it up, also after clients.conf was changed', async () => {
    const { debian, state } = await runAndChange(scratch);
    const stateFile = path.join(scratch.directory(), 'clients.pickle');
    writeFileSync(stateFile, state, { mode: 0o600 });
    const edited = clientsConf
      .replace('host = web1.example.org', 'host = moved.example.org')
      .replace(Buffer.from('secret of web3').toString('base64'), Buffer.from('newer secret').toString('base64'))
      .concat('[added]\n', identity('6', 'secret of added'));
    writeFileSync(path.join(debian.configDir, 'clients.conf'), edited, { mode: 0o600 });
    const instance = await startDevInstance(scratch);
    const from = ['machine', 'import', '--from', debian.configDir, '--saved-state', stateFile];
    const report = await instance.run([...from, '--report']);
    const restarted = await startDebianMandos(scratch, edited, state);
    const theirs = settingsOf(await dump(restarted));
    assert.deepEqual(await ourSettings(instance), theirs);
    assert.deepEqual(Object.keys(theirs).toSorted(), ['added', 'stolen', 'web1', 'web2', 'web3']);
    assert.deepEqual(secretsIn(await instance.run(['machine', 'export'])), {
      web1: 'secret of web1',
      web2: 'another\0secret\n',
      web3: 'newer secret',
      stolen: 'secret of stolen',
      added: 'secret of added',
    });
    assert.match(report, /\[removed\] was removed while Mandos ran, and is left out/);
    assert.match(report, /\[stolen\] as changed while Mandos ran: enabled\n/);
    assert.match(report, /\[web1\] as changed while Mandos ran: timeout, approval_delay, approved_by_default\n/);
  });
});

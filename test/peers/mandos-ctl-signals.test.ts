// What Debian's server and ours tell on the bus while the stock mandos-ctl makes the same changes on both, and what a library
// sees that looks at their objects: the same.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type MandosServers, stanza, startMandosServers } from '../support/mandos-servers.ts';
import { runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const clientsConf = [
  '[DEFAULT]\ninterval = P1D\ntimeout = P3D\n',
  stanza('other'),
  stanza('web-1', { checker: 'exit 3', approval_delay: 'PT1S' }),
].join('\n');

/** The obsolete second name of every interface, under which Debian's server says everything once more. */
const OBSOLETE = 'se.bsnet.fukt.Mandos';

/** The names in order, without the obsolete one: Python keeps them in a set. */
const withSortedNames = (signal: string): string =>
  signal.replace(/array \[ (string "[a-zA-Z.]+" ){2,}\]/, (array) =>
    (array.match(/"[^"]+"/g) ?? [])
      .filter((name) => !name.includes(OBSOLETE))
      .toSorted()
      .join(' '),
  );

/** What an object says of itself, one line for everything that is inside something else, in alphabetical order. */
const described = async (bus: string, object: string): Promise<readonly string[]> => {
  const target = ['--dest=se.recompile.Mandos', object, 'org.freedesktop.DBus.Introspectable.Introspect'];
  const xml = await runToSuccess('dbus-send', [`--bus=${bus}`, '--print-reply=literal', ...target]);
  const lines: string[] = [];
  const inside: string[] = [];
  for (const [, end, name = '', attributes = '', isEmpty] of xml.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>/g)) {
    const sorted = (attributes.match(/\w+="[^"]*"/g) ?? []).toSorted().join(' ');
    if (end === '/') inside.pop();
    else {
      const line = [...inside, `${name} ${sorted}`].join(' > ');
      // The root's own name says nothing.
      if (name !== 'node' || inside.length > 0) lines.push(line);
      if (isEmpty !== '/') inside.push(name === 'node' ? name : `${name} ${sorted}`);
    }
  }
  return lines.filter((line) => !line.includes(OBSOLETE)).toSorted();
};

suite('on the bus, beside Debian’s server', () => {
  const scratch = new Scratch();
  let servers: MandosServers;

  before(async () => {
    servers = await startMandosServers(scratch, clientsConf);
  });
  after(() => scratch[Symbol.asyncDispose]());

  /** Gives what is told on a bus from now on, one signal a line, without moments; in the order that they were told. */
  const listen = async (address: string): Promise<() => readonly string[]> => {
    const monitor = spawn('dbus-monitor', ['--address', address, "type='signal'"], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    scratch.atEnd(() => monitor.kill());
    let text = '';
    monitor.stdout.on('data', (part: Buffer) => {
      text += part.toString();
    });
    while (!text.includes('NameLost')) await sleep(20);
    text = '';
    return () =>
      text
        .split(/^signal /m)
        .filter((signal) => /; member=/.test(signal) && !signal.includes(`interface=${OBSOLETE}`))
        .map((signal) => {
          const [, where = ''] = /path=(.*; member=\S+)/.exec(signal) ?? [];
          const body = signal.split('\n').slice(1).join(' ').replaceAll(/\s+/g, ' ').trim();
          return withSortedNames(`${where} ${body.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+/g, 'MOMENT')}`);
        })
        .filter((signal) => !signal.includes('org.freedesktop.DBus; member='));
  };

  test('a library finds the same interfaces, methods, signals and properties', async () => {
    for (const object of ['/', '/clients/web_1']) {
      const [theirs, ours] = await Promise.all(
        [servers.buses.theirs, servers.buses.ours].map((bus) => described(bus, object)),
      );
      assert.ok((ours?.length ?? 0) > 10);
      assert.deepEqual(ours, theirs, object);
    }
  });

  test('the same changes are told with the same signals', async () => {
    const theirs = await listen(servers.buses.theirs);
    const ours = await listen(servers.buses.ours);
    const secret = path.join(scratch.directory(), 'secret');
    writeFileSync(secret, 'another');
    const commands: readonly (readonly string[])[] = [
      ['--disable', 'web-1'],
      ['--enable', 'web-1'],
      ['--bump-timeout', 'web-1'],
      ['--extended-timeout', 'PT20M', '--approval-delay', 'PT2S', '--approval-duration', 'PT3S', 'web-1'],
      ['--deny-by-default', '--host', 'h', 'web-1'],
      ['--secret', secret, 'web-1'],
      ['--start-checker', 'web-1'],
      ['--checker', 'true', 'other'],
      ['--approve', 'web-1'],
      ['--remove', 'web-1'],
    ];
    for (const command of commands) {
      const both = await servers.ctl(command);
      assert.equal(both.ours.code, 0, both.ours.stderr);
      // What happens elsewhere, as a check does, is told a moment later.
      const isSame = (): boolean => isDeepStrictEqual(ours().toSorted(), theirs().toSorted());
      for (let attempt = 0; attempt < 200 && !isSame(); attempt++) await sleep(50);
      assert.deepEqual(ours().toSorted(), theirs().toSorted(), command.join(' '));
    }
    assert.ok(ours().length > 30);
  });
});

// Debian's own mandos-ctl on Debian's own server and on ours, with the same clients.conf: it shows the same, changes the same,
// and complains the same. Not compared are moments, which cannot be the
// same, and the order of the machines, which the real server leaves to chance.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Both, type MandosServers, mandosCtl, stanza, startMandosServers } from '../support/mandos-servers.ts';
import type { Finished, RunOptions } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

// No check is made while the test runs: what they do to a machine is compared elsewhere.
const clientsConf = [
  '[DEFAULT]\ninterval = P1D\ntimeout = P3D\n',
  stanza('Old-Key', { enabled: 'no' }),
  stanza('asks.first', { approval_delay: 'PT30S', approved_by_default: 'no', approval_duration: 'PT5M' }),
  stanza('everything', {
    host: '2001:db8::7',
    checker: 'ping6 -c1 %%(host)s "100%%%%"',
    timeout: 'P2DT3H4M5S',
    extended_timeout: 'PT36H',
    interval: 'P2D',
  }),
  stanza('runs', { checker: 'sleep 600' }),
  stanza('web-1.example.org', { host: 'web1' }),
].join('\n');

const names = ['Old-Key', 'asks.first', 'everything', 'runs', 'web-1.example.org'];

/** Moments are as wide as they are, and the real server leaves away their fraction when it is 0. */
const withoutMoments = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}/g, 'MOMENT'.padEnd(26))
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d {7}/g, 'MOMENT'.padEnd(26));

/** The real server keeps its machines in a set: their order is another one at every start. */
const sorted = (text: string): string => {
  if (text.startsWith('{')) {
    const machines = Object.entries(JSON.parse(text)).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return `${JSON.stringify(Object.fromEntries(machines), undefined, 4)}\n`;
  }
  const [heading = '', ...lines] = text.split('\n');
  return [heading, ...lines.toSorted()].join('\n');
};

const plain = ({ code, stdout, stderr }: Finished): unknown => ({
  code,
  stdout: sorted(withoutMoments(stdout.toString())),
  stderr: withoutMoments(stderr),
});

suite('the stock mandos-ctl of Debian', () => {
  const scratch = new Scratch();
  let servers: MandosServers;

  before(async () => {
    servers = await startMandosServers(scratch, clientsConf);
  });
  after(() => scratch[Symbol.asyncDispose]());

  const same = async (args: readonly string[], options?: RunOptions): Promise<Both<Finished>> => {
    const both = await servers.ctl(args, options);
    assert.deepEqual(plain(both.ours), plain(both.theirs), args.join(' '));
    return both;
  };

  /** The change succeeds on both, and afterwards both show the same. */
  const changes = async (args: readonly string[], options?: RunOptions): Promise<string> => {
    const { ours } = await same(args, options);
    assert.equal(ours.code, 0, args.join(' '));
    return (await same(['--dump-json'])).ours.stdout.toString();
  };

  /** Nobody is asked to change anything: the exit code says why. */
  const fails = async (args: readonly string[], code: number): Promise<void> => {
    const { ours } = await same(args);
    assert.equal(ours.code, code, args.join(' '));
    await same(['--dump-json']);
  };

  test('shows the same table, short and long, of all and of some', async () => {
    const { ours } = await same([]);
    assert.equal(ours.stdout.toString().split('\n').length, names.length + 2);
    await same(['--verbose']);
    await same(['-v', 'everything']);
    await same(['web-1.example.org', 'Old-Key']);
  });

  test('dumps the same JSON, of all and of some', async () => {
    const { ours } = await same(['--dump-json']);
    assert.deepEqual(Object.keys(JSON.parse(ours.stdout.toString())), names);
    assert.equal(JSON.parse(ours.stdout.toString()).everything.Checker, 'ping6 -c1 %(host)s "100%%"');
    await same(['-j', 'runs']);
  });

  test('says with its exit code whether a machine is enabled', async () => {
    assert.equal((await same(['--is-enabled', 'everything'])).ours.code, 0);
    assert.equal((await same(['-V', 'Old-Key'])).ours.code, 1);
  });

  test('enables and disables, one, several and all', async () => {
    assert.equal(JSON.parse(await changes(['--enable', 'Old-Key']))['Old-Key'].Enabled, true);
    assert.equal(JSON.parse(await changes(['-d', 'everything', 'runs'])).runs.Enabled, false);
    await changes(['-d', 'runs']);
    await changes(['--disable', '--all']);
    const all = Object.values(JSON.parse(await changes(['-e', '-a']))) as { readonly Enabled: boolean }[];
    assert.ok(all.every(({ Enabled }) => Enabled));
  });

  test('counts a machine as alive', async () => {
    assert.notEqual(JSON.parse(await changes(['--bump-timeout', 'everything'])).everything.LastCheckedOK, '');
    await changes(['-b', '--all']);
  });

  for (const option of [
    '--timeout',
    '-t',
    '--extended-timeout',
    '--interval',
    '-i',
    '--approval-delay',
    '--approval-duration',
  ]) {
    test(`sets a duration with ${option}`, async () => {
      // A new interval begins a check at once, but of a disabled machine.
      const state = option === '-i' || option === '--interval' ? '--disable' : '--enable';
      for (const duration of ['P4DT5H', 'PT26H3M4S', '7d', '2h30m', '90000000']) {
        await changes([state, option, duration, 'everything']);
      }
      await changes(['--enable', 'everything']);
      await fails([option, 'PT1H'], 2);
    });
  }

  test('disables a machine at once by a timeout that is over', async () => {
    assert.equal(JSON.parse(await changes(['-b', '-t', 'PT0S', 'everything'])).everything.Enabled, false);
    await changes(['-t', 'P3D', '-e', 'everything']);
  });

  test('sets checker and host', async () => {
    const shown = JSON.parse(await changes(['--checker', 'fping -q -- %(host)s; echo "ü"', 'everything']));
    assert.equal(shown.everything.Checker, 'fping -q -- %(host)s; echo "ü"');
    await changes(['-c', '', 'everything']);
    await changes(['--host', 'new.example.org', 'everything', 'runs']);
    await changes(['-H', '', 'everything']);
  });

  test('sets what happens when nobody approves', async () => {
    await changes(['--approve-by-default', 'asks.first']);
    await changes(['--deny-by-default', 'asks.first', 'everything']);
  });

  test('approves and denies', async () => {
    await changes(['--approve', 'asks.first']);
    await changes(['-D', 'asks.first', 'everything']);
    await changes(['-A', '--all']);
    await changes(['--deny', 'asks.first']);
  });

  test('replaces a secret by the contents of a file or of stdin', async () => {
    const file = path.join(scratch.directory(), 'secret');
    writeFileSync(file, Buffer.from('8502', 'hex'));
    await changes(['--secret', file, 'everything']);
    await changes(['-s', '-', 'everything'], { input: Buffer.alloc(5_000, 0x85) });
    await fails(['-s', '/nonexistent', 'everything'], 2);
    await fails(['-s', file], 2);
  });

  test('starts a check and stops it', async () => {
    await changes(['--enable', 'runs']);
    assert.equal((await same(['--start-checker', 'runs'])).ours.code, 0);
    const isRunning = async (bus: string): Promise<boolean> => {
      const { stdout } = await mandosCtl(bus, ['-j', 'runs']);
      return JSON.parse(stdout.toString()).runs.CheckerRunning;
    };
    // The account that runs checks hears of it a moment later.
    const becomes = async (expected: boolean): Promise<void> => {
      for (const bus of [servers.buses.ours, servers.buses.theirs]) {
        for (let attempt = 0; (await isRunning(bus)) !== expected; attempt++)
          assert.ok(attempt < 100, `never ${expected}`);
      }
    };
    await becomes(true);
    await same(['-v', 'runs']);
    assert.equal((await same(['--stop-checker', 'runs'])).ours.code, 0);
    await becomes(false);
  });

  test('makes several changes at once, in their order', async () => {
    const many = ['-d', '-t', 'P9D', '--interval', 'P8D', '-H', 'h', '-c', 'true', '--deny-by-default', '-A'];
    const shown = JSON.parse(await changes([...many, 'everything', 'Old-Key']));
    assert.equal(shown['Old-Key'].Timeout, 9 * 86_400_000);
    await changes(['-e', '--approval-delay', 'PT0S', '--all']);
  });

  test('refuses what does not go together, with the same words', async () => {
    const wrong: readonly (readonly string[])[] = [
      ['--all'],
      ['--enable'],
      ['--enable', '--disable', 'runs'],
      ['--approve', '--deny', 'runs'],
      ['--verbose', '--enable', 'runs'],
      ['--dump-json', '--verbose'],
      ['--dump-json', '--remove', 'runs'],
      ['--is-enabled'],
      ['--is-enabled', 'runs', 'everything'],
      ['--remove', '--enable', 'runs'],
      ['--remove'],
      ['--start-checker', '--stop-checker', 'runs'],
      ['--nonsense'],
    ];
    for (const args of wrong) await fails(args, 2);
  });

  test('does not know a machine that is not there, and changes no other', async () => {
    for (const args of [
      ['nobody'],
      ['-v', 'nobody'],
      ['-j', 'runs', 'nobody'],
      ['-d', 'runs', 'nobody'],
      ['-V', 'nobody'],
    ]) {
      await fails(args, 1);
    }
  });

  test('shows the calls it makes, which are the same', async () => {
    await same(['--debug', '-e', 'runs']);
    await same(['--debug', '-A', 'asks.first']);
  });

  test('removes machines, and denies what they ask before', async () => {
    await changes(['--remove', 'Old-Key']);
    await fails(['Old-Key'], 1);
    await changes(['-r', '-D', 'asks.first', 'runs']);
    const { ours } = await same(['--remove', '--all']);
    assert.equal(ours.code, 0);
    await same(['--dump-json']);
    // With no machine left it fails while it makes a table, whatever the server.
    await same([]);
  });

  test('handles machines that the real server would not start with', async () => {
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, [stanza('a.b'), stanza('a-b'), stanza('zurich/rack 1/wéb')].join('\n'), { mode: 0o600 });
    await servers.instance.run(['machine', 'import', file]);
    const shown = JSON.parse((await mandosCtl(servers.buses.ours, ['-j'])).stdout.toString());
    assert.deepEqual(Object.keys(shown), ['a-b', 'a.b', 'zurich/rack 1/wéb']);
    for (const name of Object.keys(shown)) {
      assert.equal((await mandosCtl(servers.buses.ours, ['--disable', name])).code, 0);
      assert.equal((await mandosCtl(servers.buses.ours, ['--is-enabled', name])).code, 1);
    }
  });

  test('cannot stand in for people who have to sign, or start a check of a machine that is cut off, and says so', async () => {
    await servers.instance.run(['machine', 'set', 'a.b', '--approvers', 'anna', '--require', '1']);
    const approved = await mandosCtl(servers.buses.ours, ['--approve', 'a.b']);
    assert.equal(approved.code, 1);
    assert.match(approved.stderr, /Named people have to sign each request of this machine/);
    const started = await mandosCtl(servers.buses.ours, ['--start-checker', 'a.b']);
    assert.equal(started.code, 1);
    assert.match(started.stderr, /The machine is disabled/);
  });

  test('says that there is no server, when there is none', async () => {
    await servers.instance.stop();
    const { code, stdout, stderr } = await mandosCtl(servers.buses.ours, []);
    assert.equal(code, 1);
    assert.equal(stdout.length, 0);
    assert.match(stderr, /^Could not connect to Mandos server: /);
  });
});

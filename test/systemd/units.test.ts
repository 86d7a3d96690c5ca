// How closed the units are, by systemd's own measure: 0.0 is a unit that may do nothing, 10.0 one that may do everything.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const directory = path.join(import.meta.dirname, '../../integrations/systemd');
const services = readdirSync(directory).filter((name) => name.endsWith('.service'));
/** Of a machine that is checked, which has no other account of ours. */
const heartbeat = 'machine/chatelaine-heartbeat.service';

/** Tenths. */
const MOST_EXPOSURE = 20;

describe('the units', () => {
  for (const name of [...services, heartbeat]) {
    test(`${name} is exposed by 2.0 at most`, async () => {
      const args = [
        'security',
        '--offline=true',
        `--threshold=${MOST_EXPOSURE}`,
        '--no-pager',
        path.join(directory, name),
      ];
      const { code, stdout } = await runProgram('systemd-analyze', args);
      assert.equal(code, 0, stdout.toString());
      assert.match(stdout.toString(), /Overall exposure level for \S+: [012]\.\d/);
    });
  }

  test('a keep that may connect to a directory is as closed, but for the addresses that are named', async () => {
    await using scratch = new Scratch();
    const unit = path.join(scratch.directory(), 'chatelaine-keep.service');
    const parts = ['chatelaine-keep.service', 'drop-ins/keep-directory.conf'];
    const text = parts.map((part) => readFileSync(path.join(directory, part), 'utf8')).join('\n');
    assert.match(text, /^IPAddressDeny=any$/m);
    assert.doesNotMatch(text, /^IPAddressAllow=/m, 'the script adds them');
    writeFileSync(unit, `${text}IPAddressAllow=192.0.2.1\n`);
    const args = ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`, '--no-pager', unit];
    const { code, stdout } = await runProgram('systemd-analyze', args);
    assert.equal(code, 0, stdout.toString());
  });

  test('none begins as root or can gain a privilege, and only checkers have a capability, the one to ping', () => {
    assert.equal(services.length, 6);
    for (const name of services) {
      const text = readFileSync(path.join(directory, name), 'utf8');
      assert.match(text, /^User=chatelaine-[a-z]+$/m, name);
      const capability = name === 'chatelaine-check@.service' ? 'CAP_NET_RAW' : '';
      const sets = [`CapabilityBoundingSet=${capability}`, `AmbientCapabilities=${capability}`];
      for (const line of [...sets, 'NoNewPrivileges=yes', 'LimitCORE=0']) {
        assert.ok(text.includes(`\n${line}\n`), `${name}: ${line}`);
      }
    }
  });

  test('only the gate, the checkers and the courier have a network', () => {
    const isAlone = (name: string): boolean => {
      const text = readFileSync(path.join(directory, name), 'utf8');
      return /^PrivateNetwork=yes$/m.test(text) && /^RestrictAddressFamilies=AF_UNIX$/m.test(text);
    };
    const networked = services.filter((name) => !isAlone(name));
    assert.deepEqual(networked.toSorted(), [
      'chatelaine-check@.service',
      'chatelaine-courier.service',
      'chatelaine-gate.service',
    ]);
  });
});

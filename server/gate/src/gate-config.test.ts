import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError, loadConfig } from '@chatelaine/process';
import { knownFronts } from './fronts/index.ts';
import { mandosConfig } from './fronts/mandos/mandos-config.ts';
import { gateConfigFor } from './gate-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'gate-config-'));
after(() => rmSync(directory, { recursive: true }));

const load = (text: string) => {
  const file = join(directory, 'chatelaine.toml');
  writeFileSync(file, text);
  return loadConfig(file, gateConfigFor(knownFronts));
};

test('every option has a default', () => {
  const { gate, keep } = load('');
  assert.deepEqual(gate.fronts, ['mandos']);
  assert.equal(keep.socket, '/run/chatelaine/keep/keep.sock');
  const { listen, handshake_seconds: seconds } = mandosConfig.parse({});
  assert.deepEqual(listen, [{ host: '::', port: 14_711 }]);
  assert.equal(seconds, 15);
});

test('the options of the keep are left to the keep', () => {
  assert.equal(load('[keep]\nsocket = "/x/keep.sock"\nmodules = 3\n').keep.socket, '/x/keep.sock');
});

test('what is wrong is named with its line and field', () => {
  const wrong: Readonly<Record<string, string>> = {
    '[gate]\nfronts = ["mandos", "nosuch"]\n': ':2: gate.fronts[2]: is no front; known: mandos, http, yubico',
    '[gate]\nfronts = ["mandos", "yubico"]\n': ':2: gate.fronts[2]: is a part of "http", which has to be named too',
    '[gate.mandos]\nlisten = ["localhost:1"]\n': ':2: gate.mandos.listen[1]: must be ADDRESS:PORT',
    '[gate.mandos]\nlisten = []\n': ':2: gate.mandos.listen:',
    '[gate.mandos]\npriority = "NONSENSE"\n': ':2: gate.mandos.priority: must be a priority string',
    '[gate.mandos]\nhandshake_seconds = 0\n': ':2: gate.mandos.handshake_seconds:',
    '[gate.mandos]\nlisen = ["[::]:1"]\n': ':2: gate.mandos.lisen: is not an option; did you mean listen?',
  };
  for (const [text, words] of Object.entries(wrong)) {
    assert.throws(
      () => load(text),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.ok(error.message.includes(words), `${error.message} instead of ${words}`);
        return true;
      },
    );
  }
});

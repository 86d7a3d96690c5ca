import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandFor, parseSecretsFile, SecretsFileError } from './secrets-file.ts';

const file = parseSecretsFile(`
wait_seconds = 2.5
[volumes]
data = ["one", "two"]
"*" = ["any"]
[units."app.service"]
"db.password" = ["three"]
`);

test('each secret has its program, and what is not named has none', () => {
  assert.equal(file.waitMs, 2500);
  assert.deepEqual(commandFor(file, { kind: 'volume', volume: 'data' }), ['one', 'two']);
  assert.deepEqual(commandFor(file, { kind: 'volume', volume: 'other' }), ['any']);
  assert.deepEqual(commandFor(file, { kind: 'credential', unit: 'app.service', id: 'db.password' }), ['three']);
  assert.equal(commandFor(file, { kind: 'credential', unit: 'app.service', id: 'other' }), undefined);
  assert.equal(commandFor(file, { kind: 'credential', unit: '*', id: 'db.password' }), undefined);
  assert.equal(commandFor(file, { kind: 'credential', unit: '__proto__', id: 'constructor' }), undefined);
});

test('a mistake is named, and makes the whole file unusable', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['[volumes', /./],
    ['volume = 1', /no setting volume/],
    ['volumes = 1', /volumes must be a table/],
    ['[volumes]\ndata = "program"', /volumes\.data must be a program/],
    ['[volumes]\ndata = []', /volumes\.data/],
    ['[volumes]\ndata = ["", "x"]', /volumes\.data/],
    ['[units]\n"a.service" = ["x"]', /a\.service must be a table/],
    ['wait_seconds = 0', /wait_seconds/],
    ['wait_seconds = nan', /wait_seconds/],
    ['wait_seconds = 86401', /wait_seconds/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(
      () => parseSecretsFile(text),
      (error) => error instanceof SecretsFileError && message.test(error.message),
      text,
    );
  }
});

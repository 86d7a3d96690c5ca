// What a person sees: prompts that show nothing of what is typed, and a line end behind a secret.

import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { keyctl } from '@chatelaine/keyring';
import { runAtTerminal } from '../testing/at-terminal.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

test('secrets and pass phrases are typed unseen, new ones twice; a secret is shown with a line end', () => {
  keyctl.joinSessionKeyring();
  using scratch = new ScratchDirectory();
  const env = { ...process.env, HOME: scratch.path, XDG_CONFIG_HOME: scratch.in('config') };
  const at = (words: readonly string[], dialogue: readonly (readonly [string, string])[] = []) =>
    runAtTerminal([process.execPath, main, 'keyring', ...words], dialogue, env);
  const set = at(
    ['set', 'service', 'user'],
    [
      ['New secret: ', 'typed once\r'],
      ['Repeat secret: ', 'typed twice\r'],
      ['New secret: ', 'typed\r'],
      ['Repeat secret: ', 'typed\r'],
    ],
  );
  assert.deepEqual([set.code, /typed/.test(set.shown)], [0, false]);
  assert.deepEqual(at(['get', 'service', 'user']), { shown: 'typed\r\n', code: 0 });
  const init = at(
    ['init', '--sealed'],
    [
      ['New pass phrase: ', 'phrase\r'],
      ['Repeat pass phrase: ', 'phrase\r'],
    ],
  );
  assert.equal(init.code, 0);
  assert.equal(at(['unlock'], [['Pass phrase: ', 'wrong\r']]).code, 2);
  assert.equal(at(['unlock'], [['Pass phrase: ', 'phrase\r']]).code, 0);
  assert.equal(at(['unlock'], [['Pass phrase: ', '\u0003']]).code, 130);
});

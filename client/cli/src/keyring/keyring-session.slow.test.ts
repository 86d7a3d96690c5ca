// The terminal session beside this file, in a session keyring of its own.

import { readFileSync } from 'node:fs';
import test from 'node:test';
import { keyctl } from '@chatelaine/keyring';
import { Terminal } from '../testing/run-session.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';

test('a session goes as it is written down: keyring', async () => {
  keyctl.joinSessionKeyring();
  using scratch = new ScratchDirectory();
  const session = readFileSync(new URL('./keyring.session.txt', import.meta.url), 'utf8');
  await new Terminal(scratch.path).follow(session);
});

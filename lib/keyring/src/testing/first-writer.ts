// One of many processes that write into keyrings that do not exist yet. Reads ids of parents, a line each.

import { readSync, writeSync } from 'node:fs';
import { PasswordStore } from '../password-store.ts';

const [, index] = process.argv.slice(2);
const line = Buffer.alloc(64);
writeSync(1, 'ready\n');
for (let round = 0; ; round++) {
  const size = readSync(0, line);
  if (size === 0) break;
  const store = new PasswordStore({ parent: Number(line.toString('latin1', 0, size)) });
  store.setPassword('first', `writer ${index}`, `secret ${round}`);
  writeSync(1, 'done\n');
}

// What others have published, and what Trocla and Dovecot have made: read, verified, and told from what is near to it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { formats, identifyFormats } from './index.ts';

interface Vector {
  readonly format: string;
  readonly password: string;
  readonly stored?: string;
  /** Where the stored bytes are no UTF-8. */
  readonly storedHex?: string;
  readonly username?: string;
}

const vectorsOf = (name: string): readonly Vector[] =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'vectors', `${name}.json`), 'utf8'));

const storedBytes = ({ stored, storedHex }: Vector): Buffer =>
  storedHex === undefined ? Buffer.from(stored ?? '') : Buffer.from(storedHex, 'hex');

for (const source of ['published', 'trocla', 'dovecot']) {
  test(`vectors: ${source}`, async (context) => {
    const vectors = vectorsOf(source);
    assert.ok(vectors.length > 8);
    for (const vector of vectors) {
      const { format: name, password, username } = vector;
      await context.test(`${name}, a password of ${Buffer.byteLength(password)} bytes`, async () => {
        const format = formats.get(name);
        const stored = storedBytes(vector);
        const verifyContext = username === undefined ? {} : { username };
        const verify = (plain: string) => format?.verify?.(Buffer.from(plain), stored, verifyContext);
        assert.deepEqual(await verify(password), { kind: 'match' });
        assert.deepEqual(await verify(`not ${password}`), { kind: 'mismatch' });
        assert.ok(
          identifyFormats(stored).some((found) => found.name === name),
          'it is recognized',
        );
      });
    }
  });
}

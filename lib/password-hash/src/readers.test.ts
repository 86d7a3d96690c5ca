// Whatever is stored, imported or sent as a request: reading it ends with an answer, never with an exception.

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import fc from 'fast-check';
import { readRequest } from './certificate/certificate-request.ts';
import { readElements, readInside } from './certificate/der.ts';
import { type Derived, type FormatOptions, formats, identifyFormats, type PasswordFormat } from './index.ts';

const random = (target: Uint8Array): void => {
  randomFillSync(target);
};

const vectors: readonly { readonly stored?: string }[] = ['published', 'trocla', 'dovecot'].flatMap((name) =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'vectors', `${name}.json`), 'utf8')),
);

/** A text with some of its bytes replaced, dropped or doubled. */
const damaged = (texts: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(3)), { minLength: 1, maxLength: 4 }),
    )
    .map(([text, damages]) => {
      let bytes = Buffer.from(text);
      for (const [place, byte, how] of damages) {
        const at = bytes.length === 0 ? 0 : place % bytes.length;
        if (how === 0) bytes[at] = byte;
        else if (how === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
        else if (how === 2) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]);
        else bytes = bytes.subarray(0, at);
      }
      return bytes;
    });

test('a damaged hash is recognized, or not, but nothing throws', async () => {
  const texts = vectors.flatMap(({ stored }) => (stored === undefined ? [] : [stored]));
  // What is slow is only looked at: whether it would be computed depends on the form alone.
  const quick = [...formats.values()].filter(({ isSlow, kind }) => !isSlow && kind === 'derived');
  await fc.assert(
    fc.asyncProperty(damaged(texts), async (stored) => {
      identifyFormats(stored);
      for (const format of formats.values()) format.needsRehash(stored, {});
      for (const format of quick) {
        const verdict = await format.verify?.(Buffer.from('password'), stored);
        assert.ok(['match', 'mismatch', 'refused'].includes(verdict?.kind ?? ''));
      }
    }),
    { numRuns: 300 },
  );
});

suite('key material', () => {
  const texts = new Map<PasswordFormat, string[]>();
  let request: Buffer;

  before(async () => {
    const make = async (name: string, options: FormatOptions): Promise<Derived> => {
      const format = formats.get(name) ?? assert.fail(`no ${name}`);
      const derived = await format.derive({ plain: new Uint8Array(0), key: 'k', options, random, nowUnixMs: 0 });
      if (derived.kind === 'refused') return assert.fail(derived.message);
      texts.set(format, [...(texts.get(format) ?? []), Buffer.from(derived.value).toString()]);
      return derived;
    };
    await make('sshkey', { type: 'ed25519' });
    await make('sshkey', { type: 'ecdsa' });
    await make('wireguard', {});
    const { value } = await make('x509', { CN: 'host.example', altnames: ['a.example', '192.0.2.1'], keysize: 1_024 });
    const csr = formats.get('x509')?.render(value, 'csronly');
    const pem = csr?.kind === 'rendered' ? Buffer.from(csr.text).toString() : assert.fail('no request');
    request = Buffer.from(pem.replaceAll(/-----.*-----|\s/g, ''), 'base64');
  });

  test('that is damaged is imported and shown, or refused', async () => {
    for (const [format, whole] of texts) {
      await fc.assert(
        fc.asyncProperty(damaged(whole), async (material) => {
          for (const flag of [undefined, ...format.renderings.map(({ name }) => name)]) {
            assert.ok(['rendered', 'refused'].includes(format.render(material, flag).kind));
          }
          const imported = await format.import?.({ material, key: 'k', options: {}, random, nowUnixMs: 0 });
          assert.ok(['derived', 'refused'].includes(imported?.kind ?? ''));
        }),
        { numRuns: 150 },
      );
    }
  });

  test('a request that is damaged is refused, or its damage does not matter', () => {
    assert.ok(readRequest(request));
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (place, byte) => {
        const changed = Buffer.from(request);
        changed[place % changed.length] = byte;
        const read = readRequest(changed);
        if (read === undefined) return;
        const original = readRequest(request);
        assert.deepEqual(read, original, 'what is signed was not changed');
      }),
      { numRuns: 300 },
    );
  });
});

test('any bytes are DER, or a RangeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const read of [readElements, readInside]) {
        try {
          read(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof RangeError);
        }
      }
      assert.equal(readRequest(Buffer.from(bytes)), undefined);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { pemBlocks, pemText } from './pem.ts';

test('base64 is that of Buffer, both ways', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const expected = Buffer.from(bytes).toString('base64');
      assert.equal(encodeBase64(bytes).toString(), expected);
      assert.deepEqual(decodeBase64(Buffer.from(expected)), Buffer.from(bytes));
    }),
  );
});

test('what is not base64 is not decoded', () => {
  for (const text of ['A', 'AA', 'AAA', 'A===', 'AA=A', '====', 'AA A', 'AAA\n', 'AA-_', 'é===']) {
    assert.equal(decodeBase64(Buffer.from(text)), undefined, JSON.stringify(text));
  }
});

test('blocks are found in their order, whatever stands between them', () => {
  const [key, certificate] = [
    pemText('PRIVATE KEY', Buffer.alloc(100, 1)),
    pemText('CERTIFICATE', Buffer.alloc(70, 2)),
  ];
  const text = Buffer.concat([Buffer.from('-----BEGIN \nnoise\n'), key, Buffer.from('between\n'), certificate]);
  const blocks = pemBlocks(text);
  assert.deepEqual(
    blocks.map(({ label }) => label),
    ['PRIVATE KEY', 'CERTIFICATE'],
  );
  assert.equal(`${blocks[0]?.whole}\n`, key.toString());
  assert.equal(`${blocks[1]?.whole}\n`, certificate.toString());
});

test('a block that is not closed is none, and searching ends for any text', () => {
  assert.deepEqual(pemBlocks(Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END CERTIFICATE-----\n')), []);
  const piece = fc.constantFrom('-----BEGIN ', '-----END ', 'A', '-----', '\n', 'RSA PRIVATE KEY');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      for (const { whole, label } of pemBlocks(Buffer.from(pieces.join('')))) {
        assert.ok(whole.toString().startsWith(`-----BEGIN ${label}-----`));
      }
    }),
  );
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { fingerprintOf, isMaterial, makeMaterial, publicKeyIn, unwrapMaterial } from './material.ts';

const CHEAP = { logN: 4, r: 8, p: 1 };
const passPhrase = Buffer.from('pass phrase');

test('the pass phrase unwraps the private key, another one does not', () => {
  const material = makeMaterial(passPhrase, CHEAP);
  assert.equal(isMaterial(material), true);
  assert.deepEqual(unwrapMaterial(material, passPhrase)?.publicKey, publicKeyIn(material));
  assert.equal(unwrapMaterial(material, Buffer.from('pass phrasf')), undefined);
  assert.match(fingerprintOf(publicKeyIn(material)), /^[0-9a-f]{64}$/);
});

test('material that was changed anywhere is not material, or does not unwrap', () => {
  const material = makeMaterial(passPhrase, CHEAP);
  for (let at = 0; at < material.length; at++) {
    const changed = Buffer.from(material);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(isMaterial(changed) && unwrapMaterial(changed, passPhrase) !== undefined, false, `byte ${at}`);
  }
  assert.equal(isMaterial(material.subarray(1)), false);
});

test('material cannot ask for more memory than a gibibyte, nor for none', () => {
  const material = makeMaterial(passPhrase, CHEAP);
  const costAt = 'chatelaine-keyring\x01'.length;
  for (const cost of [
    [31, 8, 1],
    [24, 8, 1],
    [0, 8, 1],
    [4, 0, 1],
    [4, 8, 0],
    [4, 8, 17],
  ]) {
    const greedy = Buffer.from(material);
    greedy.set(cost, costAt);
    assert.equal(isMaterial(greedy), false, String(cost));
  }
  assert.throws(() => makeMaterial(Buffer.alloc(0), CHEAP), RangeError);
});

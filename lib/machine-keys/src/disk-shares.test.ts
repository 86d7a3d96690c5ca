import assert from 'node:assert/strict';
import { createHash, randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DiskShare, joinDiskShares, MAX_SHARED_BYTES, parseDiskShare, splitPassword } from './disk-shares.ts';

const parsed = (shares: readonly Buffer[]): DiskShare[] =>
  shares.map((bytes) => {
    const share = parseDiskShare(bytes);
    assert.ok(share !== undefined);
    return share;
  });

const passwordOf = (shares: readonly DiskShare[]): Buffer | string => {
  const joined = joinDiskShares(shares);
  return joined.kind === 'password' ? joined.password : joined.kind;
};

test('any threshold of the shares gives the password to the last byte, in any order', () => {
  const cases = fc.record({
    password: fc.uint8Array({ maxLength: 600 }),
    chosen: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 3 }),
  });
  fc.assert(
    fc.property(cases, ({ password, chosen }) => {
      const shares = parsed(splitPassword(password, { threshold: 3, shares: 5 }, randomFillSync));
      assert.deepEqual(passwordOf(chosen.flatMap((at) => shares[at] ?? [])), Buffer.from(password));
    }),
  );
  const longest = Buffer.alloc(MAX_SHARED_BYTES, 7);
  assert.deepEqual(passwordOf(parsed(splitPassword(longest, { threshold: 2, shares: 2 }, randomFillSync))), longest);
  assert.throws(() => splitPassword(Buffer.alloc(MAX_SHARED_BYTES + 1), { threshold: 2, shares: 2 }, randomFillSync));
});

test('shares of passwords of up to 45 bytes are of one length, and nothing of the password stands in one', () => {
  const password = Buffer.from('correct horse battery staple');
  const shares = splitPassword(password, { threshold: 2, shares: 3 }, randomFillSync);
  const empty = splitPassword(Buffer.alloc(0), { threshold: 2, shares: 3 }, randomFillSync);
  for (const [at, share] of shares.entries()) {
    assert.equal(share.length, empty[at]?.length);
    assert.ok(!share.includes('horse'));
  }
});

test('too few shares say how many are missing; one that is there twice counts once', () => {
  const [one, two] = parsed(splitPassword(Buffer.from('x'), { threshold: 3, shares: 3 }, randomFillSync));
  assert.ok(one !== undefined && two !== undefined);
  assert.deepEqual(joinDiskShares([one, two, one]), { kind: 'missing', shares: 1 });
});

test('a share that was made up spoils nothing if there are enough others, and is found out if not', () => {
  const password = Buffer.from('correct horse');
  const shares = parsed(splitPassword(password, { threshold: 2, shares: 3 }, randomFillSync));
  const [first] = shares;
  assert.ok(first !== undefined);
  const forged = { ...first, value: Buffer.alloc(first.value.length, 1) };
  assert.deepEqual(passwordOf([forged, ...shares.slice(1)]), password);
  assert.equal(passwordOf([forged, ...shares.slice(1, 2)]), 'wrong');
});

test('shares of another password are left out of account', () => {
  const ours = parsed(splitPassword(Buffer.from('ours'), { threshold: 2, shares: 3 }, randomFillSync));
  const others = parsed(splitPassword(Buffer.from('others'), { threshold: 2, shares: 3 }, randomFillSync));
  assert.deepEqual(joinDiskShares([...ours.slice(0, 1), ...others]), { kind: 'missing', shares: 1 });
});

test('what is not exactly a share is none', () => {
  const [share = Buffer.alloc(0)] = splitPassword(Buffer.from('x'), { threshold: 2, shares: 2 }, randomFillSync);
  assert.ok(parseDiskShare(share) !== undefined);
  assert.equal(parseDiskShare(Buffer.alloc(0)), undefined);
  assert.equal(parseDiskShare(share.subarray(1)), undefined);
  for (let at = 0; at < share.length; at++) {
    const damaged = Buffer.from(share);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    assert.equal(parseDiskShare(damaged), undefined, `byte ${at}`);
    assert.equal(parseDiskShare(share.subarray(0, at)), undefined);
  }
});

test('the format is what its page says', () => {
  // Share 1 of 2, threshold 2, of "hi", all random bytes 0x05: by another program than the code under test.
  const hex = '158c1f873866097caf40388ad3ea1426696dc7202abcce7942d66c70987414aa';
  const [share] = splitPassword(Buffer.from('hi'), { threshold: 2, shares: 2 }, (target) => target.fill(5));
  assert.equal(
    createHash('sha256')
      .update(share ?? '')
      .digest('hex'),
    hex,
  );
});

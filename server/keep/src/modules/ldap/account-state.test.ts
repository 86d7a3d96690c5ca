import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOfDiagnostic, verdictOfFlags } from './account-state.ts';

/** As domain controllers word it; the numbers in front differ by version. */
const text = (code: string): string =>
  `80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data ${code}, v2580`;

const table = [
  ['525', 'wrong', 'no-entry'],
  ['52e', 'wrong', 'password'],
  ['52E', 'wrong', 'password'],
  ['530', 'barred', 'not-at-this-time'],
  ['531', 'barred', 'not-at-this-time'],
  ['532', 'barred', 'password-expired'],
  ['533', 'barred', 'disabled'],
  ['701', 'barred', 'account-expired'],
  ['773', 'barred', 'password-to-be-changed'],
  ['775', 'wrong', 'locked'],
  ['57', 'wrong', 'password'],
  ['5330', 'wrong', 'password'],
] as const;

for (const [code, kind, why] of table) {
  test(`the code ${code} of a refused bind means ${kind}: ${why}`, () => {
    assert.deepEqual(verdictOfDiagnostic(`${text(code)}\0 Code: 0x31`), { kind, why });
  });
}

test('a refusal without a code, of another directory, means a wrong password', () => {
  for (const said of ['', ' Code: 0x31', 'invalid credentials', 'data', 'metadata 533']) {
    assert.deepEqual(verdictOfDiagnostic(said), { kind: 'wrong', why: 'password' }, said);
  }
});

test('flags of an account whose password is right bar it, if they say so', () => {
  const cases = [
    [undefined, 'right'],
    ['512', 'right'],
    ['66048', 'right'],
    ['514', 'disabled'],
    ['66050', 'disabled'],
    ['528', 'locked'],
    ['8389120', 'password-expired'],
    ['-2147483136', 'right'],
    ['-2147483134', 'disabled'],
  ] as const;
  for (const [value, expected] of cases) {
    const verdict = verdictOfFlags(value);
    assert.equal('why' in verdict ? verdict.why : verdict.kind, expected, String(value));
  }
  for (const value of ['', 'x', '0x202', '1,2', '99999999999'])
    assert.equal(verdictOfFlags(value).kind, 'failed', value);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dnOf, filterOf, principalOf } from './account-name.ts';

test('a name stays one value of a DN', () => {
  const dn = (name: string): string => dnOf('uid={user},ou=people', name);
  assert.equal(dn('ada'), 'uid=ada,ou=people');
  assert.equal(dn('a,ou=b'), 'uid=a\\2cou\\3db,ou=people');
  assert.equal(dn('a+b"c\\d<e>;f'), 'uid=a\\2bb\\22c\\5cd\\3ce\\3e\\3bf,ou=people');
  assert.equal(dn('#a#'), 'uid=\\23a#,ou=people');
  assert.equal(dn(' a b '), 'uid=\\20a b\\20,ou=people');
  assert.equal(dn(' '), 'uid=\\20,ou=people');
  assert.equal(dn('a\0'), 'uid=a\\00,ou=people');
  assert.equal(dn('$&'), 'uid=$&,ou=people', 'no pattern of a replacement');
});

test('a name stays one value of a filter', () => {
  const filter = (name: string): string => filterOf('(|(uid={user})(cn={user}))', name);
  assert.equal(filter('ada'), '(|(uid=ada)(cn=ada))');
  assert.equal(filter('*)(uid=\\'), '(|(uid=\\2a\\29\\28uid=\\5c)(cn=\\2a\\29\\28uid=\\5c))');
  assert.equal(filter('Zoë\0'), '(|(uid=Zoë\\00)(cn=Zoë\\00))');
});

test('a name becomes a principal only if it is no other kind of name', () => {
  const principal = (name: string): string | undefined => principalOf('{user}@example.org', name);
  assert.equal(principal('ada.lovelace'), 'ada.lovelace@example.org');
  assert.equal(principal("o'brien"), "o'brien@example.org");
  for (const name of ['ada@other', 'OTHER\\ada', 'cn=ada', 'other/ada', ' ada', 'a,b', 'x"']) {
    assert.equal(principal(name), undefined, name);
  }
});

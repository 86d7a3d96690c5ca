import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GnutlsMissingError, loadGnutls } from './gnutls.ts';

const callbacks = { push: () => 0, pull: () => 0, pullTimeout: () => 0, hook: () => 0 };

test('without the library the error names it and the Debian package', () => {
  assert.throws(
    () => loadGnutls(callbacks, 'libgnutls.so.9999'),
    (error: Error) => {
      assert.ok(error instanceof GnutlsMissingError);
      assert.match(error.message, /^libgnutls\.so\.9999 cannot be loaded: .*libgnutls30/);
      return true;
    },
  );
});

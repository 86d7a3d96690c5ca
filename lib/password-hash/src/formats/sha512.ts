// `{SHA512}`: an unsalted SHA-512. slapd-pw-sha2(5); Dovecot, "Password schemes".

import { defineDigestFormat } from '../define-digest-format.ts';

/** SHA-512 without salt. */
export const sha512 = defineDigestFormat({
  name: 'sha512',
  summary: '{SHA512}: SHA-512 without a salt: Dovecot and LDAP servers, for old data only.',
  scheme: 'SHA512',
  hash: 'sha512',
  digestBytes: 64,
  isSalted: false,
});

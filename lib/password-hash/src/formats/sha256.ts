// `{SHA256}`: an unsalted SHA-256. slapd-pw-sha2(5); Dovecot, "Password schemes".

import { defineDigestFormat } from '../define-digest-format.ts';

/** SHA-256 without salt. */
export const sha256 = defineDigestFormat({
  name: 'sha256',
  summary: '{SHA256}: SHA-256 without a salt: Dovecot and LDAP servers, for old data only.',
  scheme: 'SHA256',
  hash: 'sha256',
  digestBytes: 32,
  isSalted: false,
});

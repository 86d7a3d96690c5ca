// `{SSHA256}`: a salted SHA-256. slapd-pw-sha2(5); Dovecot, "Password schemes".

import { defineDigestFormat } from '../define-digest-format.ts';

/** Salted SHA-256. */
export const ssha256 = defineDigestFormat({
  name: 'ssha256',
  summary: '{SSHA256}: salted SHA-256: Dovecot and LDAP servers. Option: salt.',
  scheme: 'SSHA256',
  hash: 'sha256',
  digestBytes: 32,
  isSalted: true,
});

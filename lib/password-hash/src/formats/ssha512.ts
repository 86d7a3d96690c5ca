// `{SSHA512}`: a salted SHA-512. slapd-pw-sha2(5); Dovecot, "Password schemes".

import { defineDigestFormat } from '../define-digest-format.ts';

/** Salted SHA-512. */
export const ssha512 = defineDigestFormat({
  name: 'ssha512',
  summary: '{SSHA512}: salted SHA-512: Dovecot and LDAP servers. Option: salt.',
  scheme: 'SSHA512',
  hash: 'sha512',
  digestBytes: 64,
  isSalted: true,
});

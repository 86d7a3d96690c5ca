// `{SMD5}`: a salted MD5. slapd.conf(5), password-hash; Dovecot, "Password schemes".

import { defineDigestFormat } from '../define-digest-format.ts';

/** Salted MD5. */
export const smd5 = defineDigestFormat({
  name: 'smd5',
  summary: '{SMD5}: salted MD5: LDAP servers and Dovecot, for old data only. Option: salt.',
  scheme: 'SMD5',
  hash: 'md5',
  digestBytes: 16,
  isSalted: true,
});

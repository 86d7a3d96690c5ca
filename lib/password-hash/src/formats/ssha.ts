// `{SSHA}`: a salted SHA-1, as OpenLDAP stores it by default. slapd.conf(5), password-hash.

import { defineDigestFormat } from '../define-digest-format.ts';

/** Salted SHA-1. */
export const ssha = defineDigestFormat({
  name: 'ssha',
  summary: '{SSHA}: salted SHA-1: LDAP servers. Option: salt.',
  scheme: 'SSHA',
  hash: 'sha1',
  digestBytes: 20,
  isSalted: true,
});

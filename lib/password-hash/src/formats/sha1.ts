// `{SHA}`: an unsalted SHA-1, with a newline that is part of the value, since Trocla stores it so. RFC 2307.

import { defineDigestFormat } from '../define-digest-format.ts';

/** SHA-1 without salt. */
export const sha1 = defineDigestFormat({
  name: 'sha1',
  summary: '{SHA}: SHA-1 without a salt, ended by a newline: LDAP servers and Apache, for old data only.',
  scheme: 'SHA',
  hash: 'sha1',
  digestBytes: 20,
  isSalted: false,
  hasNewline: true,
});

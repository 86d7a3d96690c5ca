// The options of certificates, under Trocla's names.

import { z } from 'zod';
import { flag, text, texts, wholeNumber } from '../option-types.ts';
import { commonName, type NamePart, parseName, wrongPart } from './distinguished-name.ts';
import { isKeyUsage } from './extensions.ts';

/** The single fields of a name, in the order in which they stand in it. */
const nameFields = ['C', 'ST', 'L', 'O', 'OU', 'CN', 'emailAddress'] as const;

/** A host's name or address; blanks and control characters would end up in the certificate. */
const host = z.string().regex(/^[\x21-\x7e]{1,253}$/, 'must be names or addresses of hosts, in ASCII');

const NO_NAME = 'You need to pass "subject" or "CN" as an option to use this format';

export const certificateOptions = z
  .object({
    subject: text.optional(),
    C: text.optional(),
    ST: text.optional(),
    L: text.optional(),
    O: text.optional(),
    OU: text.optional(),
    CN: text.optional(),
    emailAddress: text.optional(),
    ca: text.optional(),
    become_ca: flag.default(false),
    hash: z
      .enum(['sha1', 'sha2', 'sha224', 'sha256', 'sha384', 'sha512'], 'must be sha224, sha256, sha384 or sha512')
      .default('sha2')
      .transform((hash) => (hash === 'sha2' ? 'sha256' : hash)),
    keysize: wholeNumber(1_024, 16_384).default(4_096),
    days: wholeNumber(-36_500, 365_000).default(365),
    altnames: texts.pipe(z.array(host)).optional(),
    key_usages: texts.optional(),
    name_constraints: texts.pipe(z.array(host)).optional(),
    csr: text.optional(),
  })
  .superRefine((options, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const wrong = options.key_usages?.find((usage) => !isKeyUsage(usage));
    if (wrong !== undefined) complain('key_usages', 'must be usages that OpenSSL knows, such as digitalSignature');
    if (options.csr !== undefined && options.ca === undefined) complain('csr', 'needs ca, which is to sign it');
    if (options.csr !== undefined && options.subject === undefined && options.CN === undefined) return;
    const parts = namePartsOf(options);
    if (parts === undefined) complain('subject', 'must be /TYPE=VALUE/TYPE=VALUE or TYPE=VALUE,TYPE=VALUE');
    else if (parts.length === 0) complain(options.subject === undefined ? 'CN' : 'subject', NO_NAME);
    else {
      const part = wrongPart(parts);
      const field = options.subject === undefined ? (part ?? 'CN') : 'subject';
      if (part !== undefined) complain(field, 'has a part that is unknown, empty, too long or not of its type');
    }
  });

export type CertificateOptions = z.output<typeof certificateOptions>;

type NameOptions = Pick<CertificateOptions, 'subject' | (typeof nameFields)[number]>;

/** The parts of the wanted name; none without `subject` and `CN`; `undefined` if `subject` cannot be read. */
export const namePartsOf = (options: NameOptions): readonly NamePart[] | undefined => {
  if (options.subject !== undefined) return parseName(options.subject);
  if (options.CN === undefined) return [];
  return nameFields.flatMap((field): readonly NamePart[] => {
    const value = options[field];
    return value === undefined ? [] : [[field, value]];
  });
};

/** Hosts the certificate is for: the common name, unless it is no host's, and `altnames`; an empty list means none at all. */
export const hostNamesOf = (parts: readonly NamePart[], altnames: readonly string[] | undefined): readonly string[] => {
  if (altnames?.length === 0) return [];
  const name = commonName(parts);
  const own = name !== undefined && /^[\x21-\x7e]{1,253}$/.test(name) ? [name] : [];
  return [...new Set([...own, ...(altnames ?? [])])];
};

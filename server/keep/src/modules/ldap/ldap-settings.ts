// `[ldap]`: which servers, whose certificates are believed, and how an account's name becomes one that a server knows.

import { absolutePath } from '@chatelaine/process';
import * as z from 'zod';
import { NAME_PLACE } from './account-name.ts';
import { parseServer } from './server-address.ts';

const MAX_SERVERS = 8;

const server = z
  .string()
  .refine(
    (text) => parseServer(text) !== undefined,
    'must be ldaps://HOST or ldap://HOST, with :PORT if it is another',
  );

const template = z
  .string()
  .max(1_024)
  .refine((text) => text.includes(NAME_PLACE), `must have ${NAME_PLACE} where the name of the account belongs`);

/** As opposed to what the library would take for the name of another way to log in. */
const isDn = (text: string): boolean => /^[A-Za-z0-9.-]+ *=/.test(text);

const dn = z.string().min(1).max(1_024);

/** `[ldap]`. That nothing is missing is said only if the module is loaded. */
export const ldapTable = z
  .strictObject({
    /** In the order in which they are asked. `ldap://` is encrypted by StartTLS before anything is said. */
    servers: z.array(server).max(MAX_SERVERS).readonly().default([]),
    /** The only authorities that are believed, PEM. */
    ca_file: absolutePath.optional(),
    /** One of three ways to the name that is given with a password: a DN, */
    user_dn: template.refine(isDn, 'must be like uid={user},ou=people,dc=example,dc=org').optional(),
    /** what Active Directory calls a principal, */
    user_principal: template.refine((text) => text.includes('@'), 'must be like {user}@example.org').optional(),
    /** or a search below a DN. */
    search_base: dn.refine(isDn, 'must be a DN').optional(),
    search_filter: template
      .refine((text) => /^\(.*\)$/.test(text), 'must be a filter in parentheses')
      .default(`(uid=${NAME_PLACE})`),
    /** Who searches; its password is in the keep. Without it, whoever may search without a name. */
    search_as: dn.refine((text) => isDn(text) || text.includes('@'), 'must be a DN or a principal').optional(),
    /** For all that is said with one server. */
    timeout_seconds: z.int().min(1).max(60).default(5),
    /** Users whose passwords are checked at once; beyond it the answer is busy. */
    max_checks: z.int().min(1).max(256).default(32),
  })
  .superRefine((table, context) => {
    const ways = (['user_dn', 'user_principal', 'search_base'] as const).filter((way) => table[way] !== undefined);
    for (const way of ways.slice(1)) {
      context.addIssue({ code: 'custom', path: [way], message: `excludes ${ways[0]}: there is one way to a name` });
    }
    if (table.search_as !== undefined && table.search_base === undefined) {
      context.addIssue({ code: 'custom', path: ['search_as'], message: 'is for search_base alone' });
    }
  });

export type LdapSettings = z.output<typeof ldapTable>;

interface SettingsProblem {
  readonly field: keyof LdapSettings;
  readonly message: string;
}

/** What is missing for the module to work; undefined: nothing. */
export const problemOfSettings = (settings: LdapSettings): SettingsProblem | undefined => {
  const { servers, ca_file: file, user_dn: dnWay, user_principal: principalWay, search_base: searchWay } = settings;
  if (servers.length === 0) return { field: 'servers', message: 'names none, and keep.modules has "ldap"' };
  if (file === undefined) {
    const message = 'is missing: the file of the authority that the certificates of the servers are from';
    return { field: 'ca_file', message };
  }
  if (dnWay === undefined && principalWay === undefined && searchWay === undefined) {
    return { field: 'search_base', message: 'is missing, or user_dn or user_principal in its place' };
  }
  return undefined;
};

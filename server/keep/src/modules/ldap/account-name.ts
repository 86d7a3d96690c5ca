// The name of an account, put into the DN, principal or filter of the settings. Whatever the name is, it stays one value:
// nothing in it becomes syntax. RFC 4514 section 2.4 (DN), RFC 4515 section 3 (filter)

/** Stands in a template for the name. */
export const NAME_PLACE = '{user}';

const hexOf = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');

/** A value as it stands in a DN. */
const escapeInDn = (name: string): string =>
  name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
    .replaceAll(/[\u0000-\u001f\u007f]|["+,;<=>\\]/g, hexOf)
    .replace(/^[ #]/, hexOf)
    .replace(/ $/, hexOf);

/** A value as it stands in a filter. */
const escapeInFilter = (name: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  name.replaceAll(/[\u0000-\u001f\u007f()*\\]/g, hexOf);

const fill = (template: string, value: string): string => template.replaceAll(NAME_PLACE, () => value);

export const dnOf = (template: string, name: string): string => fill(template, escapeInDn(name));

export const filterOf = (template: string, name: string): string => fill(template, escapeInFilter(name));

/**
 * The name that Active Directory takes in place of a DN, `name@domain`; undefined if the account's name has what would make
 * it another kind of name there: a DN, `DOMAIN\name`, a path, another domain.
 */
export const principalOf = (template: string, name: string): string | undefined =>
  /[@\\/=,;"<>|:*?[\]+]|^\s|\s$/.test(name) ? undefined : fill(template, name);

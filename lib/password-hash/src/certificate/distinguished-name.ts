// Names of certificates (RFC 5280, 4.1.2.4): from the options' fields, or from one text in OpenSSL's form with slashes or
// the form with commas. Texts are UTF8String, except where the standard prescribes another type.

import { element, objectId, sequence, tag } from './der.ts';

/** One part of a name: its short name and its value. */
export type NamePart = readonly [type: string, value: string];

const objectIds: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  street: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  GN: '2.5.4.42',
  dnQualifier: '2.5.4.46',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
};

const longNames: Readonly<Record<string, string>> = {
  commonName: 'CN',
  surname: 'SN',
  countryName: 'C',
  localityName: 'L',
  stateOrProvinceName: 'ST',
  streetAddress: 'street',
  organizationName: 'O',
  organizationalUnitName: 'OU',
  givenName: 'GN',
  userId: 'UID',
  domainComponent: 'DC',
};

const textTags: Readonly<Record<string, number>> = {
  C: tag.printable,
  serialNumber: tag.printable,
  dnQualifier: tag.printable,
  DC: tag.ia5,
  emailAddress: tag.ia5,
};

const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const ascii = /^[\0-\x7f]*$/;

/**
 * The parts of a name in one text: `/C=CH/CN=host.example`, or `CN=host.example,C=CH`, the order kept. `undefined` if a part
 * has no type.
 */
export const parseName = (name: string): readonly NamePart[] | undefined => {
  const parts = name.startsWith('/') ? name.slice(1).split('/') : name.split(',').map((part) => part.trim());
  const pairs = parts.map((part): NamePart | undefined => {
    const equals = part.indexOf('=');
    return equals > 0 ? [part.slice(0, equals), part.slice(equals + 1)] : undefined;
  });
  return pairs.every((pair) => pair !== undefined) ? pairs : undefined;
};

/** Which part cannot be written: unknown, empty, too long, or with letters that its type of text does not have. */
export const wrongPart = (parts: readonly NamePart[]): string | undefined => {
  for (const [given, value] of parts) {
    const type = longNames[given] ?? given;
    if (objectIds[type] === undefined || value === '' || value.length > 255 || value.includes('\0')) return given;
    if (type === 'C' && value.length !== 2) return given;
    if (textTags[type] === tag.printable && !printable.test(value)) return given;
    if (textTags[type] === tag.ia5 && !ascii.test(value)) return given;
  }
  return undefined;
};

/** The name in DER, of parts in which nothing is wrong. */
export const nameDer = (parts: readonly NamePart[]): Buffer =>
  sequence(
    ...parts.map(([given, value]) => {
      const type = longNames[given] ?? given;
      const text = element(textTags[type] ?? tag.utf8, Buffer.from(value));
      return element(tag.set, sequence(objectId(objectIds[type] ?? ''), text));
    }),
  );

/** The common name among the parts, the last one where there are several. */
export const commonName = (parts: readonly NamePart[]): string | undefined =>
  parts.findLast(([type]) => (longNames[type] ?? type) === 'CN')?.[1];

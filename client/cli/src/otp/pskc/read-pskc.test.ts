// The containers of RFC 6030 itself, and what is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenError } from '../import/token.ts';
import { parseContainer, readContainer } from './read-pskc.ts';

const NOW = Date.UTC(2027, 0, 1);
const PSKC = 'urn:ietf:params:xml:ns:keyprov:pskc';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const seed = Buffer.from('12345678901234567890');

const container = (...parts: string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<KeyContainer Version="1.0" xmlns="${PSKC}" xmlns:xenc="${XENC}" ` +
  `xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" ` +
  `xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#">${parts.join('')}</KeyContainer>`;
const encrypted = (name: string, cipher: string, algorithm = 'aes128-cbc'): string =>
  `<${name}><xenc:EncryptionMethod Algorithm="${XENC}${algorithm}"/><xenc:CipherData><xenc:CipherValue>\n ${cipher}\n` +
  `</xenc:CipherValue></xenc:CipherData></${name}>`;
const macMethod = (cipher: string): string =>
  `<MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1">${encrypted('MACKey', cipher)}</MACMethod>`;

interface KeyParts {
  readonly algorithm?: string;
  readonly device?: string;
  readonly format?: string;
  readonly secret?: string;
  readonly data?: string;
  readonly rest?: string;
}
const PLAIN = '<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\n</PlainValue>';
const keyPackage = ({
  algorithm = `${PSKC}:hotp`,
  device = '<SerialNo>987654321</SerialNo>',
  ...key
}: KeyParts = {}): string =>
  `<KeyPackage><DeviceInfo><Manufacturer>Maker</Manufacturer>${device}</DeviceInfo>` +
  `<Key Id="12345678" Algorithm="${algorithm}"><Issuer>Issuer</Issuer><AlgorithmParameters>` +
  `${key.format ?? '<ResponseFormat Length="8" Encoding="DECIMAL"/>'}</AlgorithmParameters>` +
  `<Data><Secret>${key.secret ?? PLAIN}</Secret>${key.data ?? ''}</Data>${key.rest ?? ''}</Key></KeyPackage>`;

const read = (text: string, secret?: string) =>
  readContainer(parseContainer(Buffer.from(text)), secret === undefined ? undefined : Buffer.from(secret), NOW);

// RFC 6030, figure 6 and figure 7.
const figure6 = container(
  '<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>',
  macMethod('ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX'),
  keyPackage({
    secret: `${encrypted('EncryptedValue', 'AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv')}<ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC>`,
    data: '<Counter><PlainValue>0</PlainValue></Counter>',
  }),
);
const figure7 = container(
  '<EncryptionKey><xenc11:DerivedKey><xenc11:KeyDerivationMethod Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2">' +
    '<pkcs5:PBKDF2-params><Salt><Specified>Ej7/PEpyEpw=</Specified></Salt><IterationCount>1000</IterationCount>' +
    '<KeyLength>16</KeyLength><PRF/></pkcs5:PBKDF2-params></xenc11:KeyDerivationMethod>' +
    '<xenc11:MasterKeyName>My Password 1</xenc11:MasterKeyName></xenc11:DerivedKey></EncryptionKey>',
  macMethod('2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx'),
  keyPackage({
    secret: `${encrypted('EncryptedValue', 'oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f')}<ValueMAC>LP6xMvjtypbfT9PdkJhBZ+D6O4w=\n</ValueMAC>`,
  }),
);
const PRE_SHARED = '12345678901234567890123456789012';

test('the containers of RFC 6030 are read: plain, with a pre-shared key, and with a pass phrase', () => {
  const user = '<UserId>UID=jsmith,DC=example-bank,DC=net</UserId>';
  const plain = read(container(keyPackage({ data: '<Counter><PlainValue>7</PlainValue></Counter>', rest: user })));
  for (const { tokens, faults } of [plain, read(figure6, PRE_SHARED), read(figure7, 'qwerty')]) {
    assert.deepEqual(faults, []);
    const [token] = tokens;
    assert.ok(token?.seed.equals(seed));
    assert.deepEqual([token?.kind, token?.digits, token?.algorithm, token?.name], ['hotp', 8, 'sha1', '987654321']);
    assert.equal(token?.where, 'key package 1 (key 12345678)');
  }
  assert.deepEqual(plain.tokens[0]?.owner, 'jsmith');
  assert.deepEqual(plain.tokens[0]?.counter, 7);
});

test('codes by time, of other hashes and periods, and an AES-wrapped secret are read', () => {
  const format = '<Suite>HMAC-SHA256</Suite><ResponseFormat Length="6" Encoding="DECIMAL"/>';
  const period = '<TimeInterval><PlainValue>60</PlainValue></TimeInterval>';
  const { tokens } = read(container(keyPackage({ algorithm: `${PSKC}:totp`, format, data: period })));
  const [token] = tokens;
  assert.deepEqual([token?.kind, token?.algorithm, token?.digits, token?.periodSeconds], ['totp', 'sha256', 6, 60]);
  // RFC 3394, section 4.1.
  const wrapped = container(
    '<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>',
    keyPackage({ secret: encrypted('EncryptedValue', 'H6aLCoEStEeu80vY+1p7gp0+hiNx0s/l', 'kw-aes128') }),
  );
  const unwrapped = read(wrapped, '000102030405060708090A0B0C0D0E0F');
  assert.equal(unwrapped.tokens[0]?.seed.toString('hex'), '00112233445566778899aabbccddeeff');
});

test('a wrong key, a wrong pass phrase, and a changed byte are seen before anything is decrypted', () => {
  assert.throws(() => read(figure6, 'abc'), TokenError);
  for (const [file, secret] of [
    [figure6, '12345678901234567890123456789013'],
    [figure7, 'qwertz'],
  ] as const) {
    try {
      assert.match(read(file, secret).faults[0]?.message ?? '', /wrong/);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      assert.match(error.message, /wrong/, 'the MAC key does not even decrypt');
    }
  }
  const changed = figure6.replace('AAECAwQF', 'AAECAwQG');
  assert.match(read(changed, PRE_SHARED).faults[0]?.message ?? '', /MAC is wrong/);
  const bare = figure6.replace(/<ValueMAC>.*<\/ValueMAC>/, '');
  assert.match(read(bare, PRE_SHARED).faults[0]?.message ?? '', /no MAC/);
});

test('what would change which codes are right, or how a key may be used, is refused, and the package is named', () => {
  for (const [part, reason] of [
    [{ algorithm: 'http://www.yubico.com/#yubikey-aes' }, /neither HOTP nor TOTP/],
    [{ format: '<ResponseFormat Length="8" Encoding="HEXADECIMAL"/>' }, /not decimal/],
    [{ format: '<ResponseFormat Length="8" Encoding="DECIMAL" CheckDigits="true"/>' }, /check digit/],
    [{ format: '<Suite>HMAC-MD5</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/>' }, /suite/],
    [{ format: '' }, /how long/],
    [{ secret: '<PlainValue>MTIz</PlainValue>' }, /3 bytes/],
    [{ secret: '<PlainValue>!</PlainValue>' }, /not Base64/],
    [{ secret: '' }, /no secret/],
    [{ secret: `${PLAIN}${PLAIN}` }, /more than one/],
    [{ secret: encrypted('EncryptedValue', 'AAECAw==') }, /nothing says with which key/],
    [{ data: '<Counter><PlainValue>-1</PlainValue></Counter>' }, /Counter/],
    [{ rest: '<Policy><KeyUsage>CR</KeyUsage></Policy>' }, /may not be used/],
    [{ rest: '<Policy><PINPolicy PINUsageMode="Append"/></Policy>' }, /PIN/],
    [{ rest: '<Policy><ExpiryDate>2026-05-31T00:00:00Z</ExpiryDate></Policy>' }, /expired/],
    [{ rest: '<Policy><StartDate>2027-05-31T00:00:00Z</StartDate></Policy>' }, /not valid yet/],
    [{ rest: '<Policy><NumberOfTransactions>9</NumberOfTransactions></Policy>' }, /so many times/],
  ] as const) {
    const { tokens, faults } = read(container(keyPackage(), keyPackage(part)));
    assert.equal(tokens.length, 1);
    assert.equal(faults[0]?.where, 'key package 2 (key 12345678)');
    assert.match(faults[0]?.message ?? '', reason);
  }
  const limited = read(
    container(keyPackage({ rest: '<Policy><ExpiryDate>2037-12-31T00:00:00Z</ExpiryDate></Policy>' })),
  );
  assert.deepEqual([limited.tokens.length, limited.notes.length], [1, 1]);
});

test('no document can make the reader look anywhere else, expand anything, or go deep', () => {
  const whole = container(keyPackage());
  for (const text of [
    whole.replace('<KeyContainer', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><KeyContainer'),
    whole.replace('Maker', '&a;'),
    whole.replace('Maker', '<a>'.repeat(100_000)),
    whole.replace('Maker', `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`),
    whole.replace(PSKC, `${PSKC}:1.0`),
    whole.slice(0, -5),
    '<html/>',
    '',
    '\0\0',
  ]) {
    assert.throws(() => read(text), TokenError);
  }
});

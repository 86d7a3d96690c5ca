// Files and lines by which credentials of other systems come.

import fc from 'fast-check';
import { parseUserMap } from '../../client/cli/src/otp/import/plan-import.ts';
import { readOtpauthList } from '../../client/cli/src/otp/import/read-otpauth-list.ts';
import { TokenError } from '../../client/cli/src/otp/import/token.ts';
import { parseContainer, readContainer } from '../../client/cli/src/otp/pskc/read-pskc.ts';
import { parseCode as parseRecoveryCode } from '../../server/keep/src/modules/recovery/recovery-code.ts';
import { parseCode } from '../../server/keep/src/otp/one-time-code.ts';
import { fuzzDecoder } from './fuzz-decoder.ts';

const NOW = Date.UTC(2027, 0, 1);
const KEY = '12345678901234567890123456789012';
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

const parameter = fc.oneof(
  fc.constantFrom(
    `secret=${SECRET}`,
    'digits=8',
    'digits=06',
    'period=60',
    'counter=7',
    'algorithm=SHA256',
    'issuer=Ex%20ample',
    'credential=x',
    'x',
    '=',
    '%',
  ),
  fc.string({ maxLength: 6 }),
);
const migration = fc
  .uint8Array({ minLength: 16, maxLength: 24 })
  .map((seed) =>
    Buffer.concat([
      Buffer.from([0x0a, seed.length + 8, 0x0a, seed.length]),
      seed,
      Buffer.from([0x12, 0, 0x28, 1, 0x30, 2]),
    ]),
  )
  .map((data) => `otpauth-migration://offline?data=${encodeURIComponent(data.toString('base64'))}`);
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('totp', 'hotp', 'x'),
      fc.constantFrom('ada', 'Ex%20ample:ada', ''),
      fc.array(parameter, { maxLength: 4 }),
    )
    .map(([kind, label, parameters]) => `otpauth://${kind}/${label}?secret=${SECRET}&${parameters.join('&')}`),
  fc.constant(`otpauth://totp/ada?secret=${SECRET}`),
  migration,
  fc.constantFrom('', '# words'),
);

fuzzDecoder({
  name: 'otpauth-list',
  grammar: fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => Buffer.from(lines.join('\n'))),
  words: [
    'otpauth://',
    'otpauth-migration://offline?data=',
    'secret=',
    '&',
    '%',
    'counter=',
    'CgE',
    '\xff\xff\xff\xff\x0f',
  ],
  decode: (input) => readOtpauthList(input).tokens.length > 0,
});

const encrypted =
  '<EncryptedValue><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><xenc:CipherData><xenc:CipherValue>' +
  'AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv</xenc:CipherValue></xenc:CipherData></EncryptedValue>' +
  '<ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC>';
const wrapped =
  '<EncryptedValue><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-aes128"/><xenc:CipherData><xenc:CipherValue>' +
  'H6aLCoEStEeu80vY+1p7gp0+hiNx0s/l</xenc:CipherValue></xenc:CipherData></EncryptedValue>';
const keyPackage = fc
  .tuple(
    fc.constantFrom('hotp', 'totp', 'ocra'),
    fc.constantFrom('<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>', encrypted, wrapped, ''),
    fc.constantFrom(
      '',
      '<Counter><PlainValue>7</PlainValue></Counter>',
      '<TimeInterval><PlainValue>60</PlainValue></TimeInterval>',
    ),
    fc.constantFrom(
      '',
      '<UserId>CN=ada,DC=x</UserId>',
      '<Policy><ExpiryDate>2037-12-31T00:00:00Z</ExpiryDate></Policy>',
    ),
  )
  .map(
    ([kind, secret, data, rest]) =>
      `<KeyPackage><DeviceInfo><SerialNo>1</SerialNo></DeviceInfo><Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:${kind}">` +
      '<AlgorithmParameters><Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>' +
      `<Data><Secret>${secret}</Secret>${data}</Data>${rest}</Key></KeyPackage>`,
  );
const container = fc
  .tuple(fc.boolean(), fc.array(keyPackage, { minLength: 1, maxLength: 3 }))
  .map(([hasKey, packages]) => {
    const key =
      '<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey><MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1">' +
      '<MACKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><xenc:CipherData><xenc:CipherValue>' +
      'ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX</xenc:CipherValue></xenc:CipherData></MACKey></MACMethod>';
    return Buffer.from(
      '<?xml version="1.0"?><KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc" ' +
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">' +
        `${hasKey ? key : ''}${packages.join('')}</KeyContainer>`,
    );
  });

fuzzDecoder({
  name: 'pskc',
  grammar: container,
  words: [
    ...[
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>',
      '&a;',
      '&#x41;',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?x',
      '?>',
      '</',
      '/>',
      '<a>',
      'xmlns="',
      'xmlns:ds="',
    ],
    ...[
      'KeyPackage',
      'Key',
      'Secret',
      'PlainValue',
      'EncryptedValue',
      'ValueMAC',
      'CipherValue',
      'aes128-cbc',
      'aes256-cbc',
      'kw-aes128',
      'hmac-sha256',
    ],
    ...['<DerivedKey><KeyDerivationMethod Algorithm="x#pbkdf2"/></DerivedKey>', 'Length="', '__proto__'],
  ],
  // A hundred times the work of any line.
  oneIn: 10,
  refusals: [TokenError],
  decode: (input) => {
    const parsed = parseContainer(input);
    if (parsed.method.kind === 'pass-phrase') return false;
    return readContainer(parsed, Buffer.from(KEY), NOW).tokens.length > 0;
  },
});

fuzzDecoder({
  name: 'users-of-tokens',
  grammar: fc
    .array(fc.constantFrom('1001 ada', 'a b  bob', '# who', ''), { maxLength: 5 })
    .map((lines) => Buffer.from(lines.join('\n'))),
  words: [' ', '\t', '\r\n', '#', '\u00a0'],
  decode: (input) => parseUserMap(input.toString('utf8')).faults.length === 0,
});

fuzzDecoder({
  name: 'typed-code',
  grammar: fc
    .constantFrom('123456', '123 456', '1234-5678', ' 0059240 ', 'k7dm-x3pw-9hqt', 'K7DMX3PW9HQT')
    .map((text) => Buffer.from(text)),
  words: [' ', '-', '١', '１', 'e', '+'],
  decode: (input) => {
    const text = input.toString('utf8');
    return parseCode(text) !== undefined || parseRecoveryCode(text) !== undefined;
  },
});

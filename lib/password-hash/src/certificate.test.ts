// Certificates, as OpenSSL inside of Node.js reads them.

import assert from 'node:assert/strict';
import { createPrivateKey, randomFillSync, X509Certificate } from 'node:crypto';
import { before, suite, test } from 'node:test';
import { readElements, time } from './certificate/der.ts';
import { type Derived, type FormatOptions, formats, type StoredAuthority } from './index.ts';

const x509 = formats.get('x509') ?? assert.fail('no x509');
const NOW = Date.UTC(2026, 10, 25, 12);

const random = (target: Uint8Array): void => {
  randomFillSync(target);
};

const derive = (options: FormatOptions, authority?: () => StoredAuthority) =>
  x509.derive({
    plain: new Uint8Array(0),
    key: 'host',
    options: { keysize: 2_048, ...options },
    random,
    nowUnixMs: NOW,
    fetchAuthority: async (name) => (name === 'my_ca' ? authority?.() : undefined),
  });

const make = async (options: FormatOptions, authority?: () => StoredAuthority): Promise<Derived> => {
  const derived = await derive(options, authority);
  if (derived.kind === 'refused') assert.fail(derived.message);
  return derived;
};

const part = (value: Uint8Array, flag: string): Buffer => {
  const rendered = x509.render(value, flag);
  assert.equal(rendered.kind, 'rendered');
  return rendered.kind === 'rendered' ? Buffer.from(rendered.text) : Buffer.alloc(0);
};

const certificateIn = (value: Uint8Array): X509Certificate => new X509Certificate(part(value, 'certonly'));

test('a certificate that signs itself says what it was told, and belongs to its key', async () => {
  const { value, issued } = await make({
    C: 'CH',
    O: 'Gärtnerei',
    CN: 'www.example',
    altnames: ['a.example', '192.0.2.7', '2001:db8::7'],
  });
  const certificate = certificateIn(value);
  assert.equal(certificate.subject, 'C=CH\nO=Gärtnerei\nCN=www.example');
  assert.equal(certificate.issuer, certificate.subject);
  assert.equal(
    certificate.subjectAltName,
    'DNS:www.example, DNS:a.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7',
  );
  assert.equal(certificate.ca, false);
  assert.equal(Date.parse(certificate.validFrom), NOW);
  assert.equal(Date.parse(certificate.validTo), NOW + 365 * 86_400_000);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(part(value, 'keyonly'))));
  assert.equal(issued, undefined);
  assert.ok(Buffer.from(value).toString().startsWith('-----BEGIN RSA PRIVATE KEY-----\n'));
});

test('only a host name becomes a name of the host; an empty list means none', async () => {
  assert.equal(certificateIn((await make({ CN: 'Some Body' })).value).subjectAltName, undefined);
  assert.equal(
    certificateIn((await make({ CN: 'Some Body', altnames: 'b.example' })).value).subjectAltName,
    'DNS:b.example',
  );
  assert.equal(certificateIn((await make({ CN: 'b.example', altnames: [] })).value).subjectAltName, undefined);
});

test('a subject is read with slashes and with commas, and wins over the fields', async () => {
  const slashes = await make({ subject: '/C=CH/O=Example/CN=host.example/emailAddress=a@b.example', CN: 'other' });
  assert.equal(certificateIn(slashes.value).subject, 'C=CH\nO=Example\nCN=host.example\nemailAddress=a@b.example');
  const commas = await make({ subject: 'CN=host.example, O=Example' });
  assert.equal(certificateIn(commas.value).subject, 'CN=host.example\nO=Example');
});

test('a slash in a field stays in the field', async () => {
  const { value } = await make({ CN: 'host.example', O: 'Here/CN=elsewhere.example' });
  assert.equal(certificateIn(value).subject, 'O=Here/CN=elsewhere.example\nCN=host.example');
});

test('one that is over before it begins can be made, and one beyond 2049', async () => {
  const past = certificateIn((await make({ CN: 'h', days: '-1' })).value);
  assert.ok(Date.parse(past.validTo) < Date.parse(past.validFrom));
  const far = certificateIn((await make({ CN: 'h', days: 36_500 })).value);
  assert.equal(Date.parse(far.validTo), NOW + 36_500 * 86_400_000);
});

test('times are UTCTime before 2050, GeneralizedTime afterwards', () => {
  const [last] = readElements(time(Date.UTC(2049, 11, 31, 23, 59, 59)));
  assert.equal(`${last?.tag} ${last?.content}`, '23 491231235959Z');
  const [first] = readElements(time(Date.UTC(2050, 0, 1)));
  assert.equal(`${first?.tag} ${first?.content}`, '24 20500101000000Z');
});

suite('an authority', () => {
  let value: Uint8Array;
  const usedSerials = new Set<bigint>();
  const authority = (): StoredAuthority => ({ value: Uint8Array.from(value), usedSerials });

  before(async () => {
    ({ value } = await make({ CN: 'My CA', become_ca: true, name_constraints: ['example'], altnames: ['ignored'] }));
  });

  test('is one, and has no host names', () => {
    const certificate = certificateIn(value);
    assert.equal(certificate.ca, true);
    assert.equal(certificate.subjectAltName, undefined);
  });

  test('signs, says which serial it used, and its stored value is wiped', async () => {
    let handed: StoredAuthority | undefined;
    const signed = await make({ CN: 'www.example', ca: 'my_ca' }, () => {
      handed = authority();
      return handed;
    });
    const [certificate, own] = [certificateIn(signed.value), certificateIn(value)];
    assert.ok(certificate.verify(own.publicKey));
    assert.ok(certificate.checkIssued(own));
    assert.equal(certificate.issuer, 'CN=My CA');
    assert.deepEqual(signed.issued, { authority: 'my_ca', serial: BigInt(`0x${certificate.serialNumber}`) });
    assert.ok(handed?.value.every((byte) => byte === 0));
  });

  test('never gives a serial twice', async () => {
    const serials = [Buffer.alloc(10), Buffer.alloc(10, 7), Buffer.alloc(10, 9)];
    const request = {
      plain: new Uint8Array(0),
      key: 'host',
      options: { CN: 'h', ca: 'my_ca', keysize: 2_048 },
      random: (target: Uint8Array) => target.set(serials.shift() ?? assert.fail('drawn too often')),
      nowUnixMs: NOW,
      fetchAuthority: async () => ({ ...authority(), usedSerials: new Set([BigInt(`0x${'07'.repeat(10)}`)]) }),
    };
    const signed = await x509.derive(request);
    assert.deepEqual(signed.kind === 'derived' && signed.issued?.serial, BigInt(`0x${'09'.repeat(10)}`));
  });

  test('that is not there, is none, or has another key, signs nothing', async () => {
    const host = (await make({ CN: 'www.example' })).value;
    const mixed = Buffer.concat([part(host, 'keyonly'), part(value, 'certonly')]);
    const unusable: readonly (Uint8Array | undefined)[] = [
      undefined,
      host,
      part(value, 'certonly'),
      mixed,
      Buffer.from('x'),
    ];
    for (const stored of unusable) {
      const options = { CN: 'h', ca: stored === undefined ? 'another' : 'my_ca' };
      const refused = await derive(options, () => ({ value: Uint8Array.from(stored ?? []), usedSerials }));
      assert.partialDeepStrictEqual(refused, { kind: 'refused', code: 'no-authority', field: 'ca' });
    }
  });

  test('signs a request of somebody who keeps the key', async () => {
    const host = (await make({ CN: 'asked.example', altnames: ['b.example', '192.0.2.9'] })).value;
    const csr = part(host, 'csronly').toString();
    const signed = await make({ csr, ca: 'my_ca', days: 10 }, authority);
    const certificate = certificateIn(signed.value);
    assert.equal(certificate.subject, 'CN=asked.example');
    assert.equal(certificate.subjectAltName, 'DNS:asked.example, DNS:b.example, IP Address:192.0.2.9');
    assert.ok(certificate.verify(certificateIn(value).publicKey));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(part(host, 'keyonly'))));
    assert.ok(!Buffer.from(signed.value).includes('PRIVATE'));
    assert.equal(signed.issued?.authority, 'my_ca');
    assert.partialDeepStrictEqual(x509.render(signed.value, 'keyonly'), { kind: 'refused', code: 'not-this-format' });
  });

  test('takes names from the options rather than from the request', async () => {
    const csr = part((await make({ CN: 'asked.example' })).value, 'csronly').toString();
    const certificate = certificateIn((await make({ csr, ca: 'my_ca', CN: 'granted.example' }, authority)).value);
    assert.equal(certificate.subject, 'CN=granted.example');
    assert.equal(certificate.subjectAltName, 'DNS:granted.example');
  });

  test('refuses a request that was changed after it was signed', async () => {
    const csr = part((await make({ CN: 'asked.example' })).value, 'csronly').toString();
    const der = Buffer.from(csr.replaceAll(/-----.*-----|\s/g, ''), 'base64');
    der[der.indexOf('asked')] = 0x62;
    const changed = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    for (const request of [changed, 'nothing', csr.slice(0, 300)]) {
      const refused = await derive({ csr: request, ca: 'my_ca' }, authority);
      assert.partialDeepStrictEqual(refused, { kind: 'refused', code: 'invalid-option', field: 'csr' });
    }
  });

  test('a key with the certificate of another is not imported', async () => {
    const host = (await make({ CN: 'www.example' })).value;
    const material = Buffer.concat([part(host, 'keyonly'), part(value, 'certonly')]);
    const refused = await x509.import?.({ material, key: 'k', options: {}, random, nowUnixMs: NOW });
    assert.partialDeepStrictEqual(refused, { kind: 'refused', code: 'not-this-format' });
  });
});

import assert from 'node:assert/strict';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientRandomOf, type HandshakeProof, verifyHandshakeProof } from './proof.ts';

const directory = join(import.meta.dirname, '../vectors');

interface Vector {
  readonly proof: HandshakeProof;
  readonly keyId: string;
  readonly transcriptHash: string;
}

const read = (name: string): Vector => {
  const vector = JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8'));
  const proof = {
    nonce: Buffer.from(vector.nonce, 'hex'),
    gateRandom: Buffer.from(vector.gateRandom, 'hex'),
    messages: vector.messages.map((message: string) => Buffer.from(message, 'hex')),
  };
  return { proof, keyId: vector.keyId, transcriptHash: vector.transcriptHash };
};

const names = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace(/\.json$/, ''));

const assertRefused = (proof: HandshakeProof, why: string): void => {
  const verdict = verifyHandshakeProof(proof);
  assert.equal(verdict.kind === 'refused' && verdict.code, 'bad-proof', why);
};

test('every captured handshake proves its key: all suites, all key types, with and without a retry, the stock client', () => {
  assert.ok(names.length >= 18);
  for (const name of names) {
    const { proof, keyId, transcriptHash } = read(name);
    const verdict = verifyHandshakeProof(proof);
    assert.equal(verdict.kind, 'ok', name);
    assert.equal(verdict.kind === 'ok' && verdict.keyId, keyId, name);
    assert.equal(verdict.kind === 'ok' && verdict.transcriptHash.toString('hex'), transcriptHash, name);
  }
});

test('a handshake proves nothing once any bit of any of its messages is another', () => {
  for (const name of ['key-ed25519', 'retry-aes-256-gcm', 'key-ec-p256', 'stock-ed25519']) {
    const { proof } = read(name);
    for (const [index, message] of proof.messages.entries()) {
      for (let bit = 0; bit < message.length * 8; bit++) {
        const at = bit >> 3;
        const flipped = Buffer.from(message);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
        const messages = proof.messages.with(index, flipped);
        // Any bit of the ECDSA signature and all else; one bit in eight is enough for what is only hashed.
        if (bit % 8 !== at % 8 && index < proof.messages.length - 2) continue;
        assertRefused({ ...proof, messages }, `${name}: message ${index}, bit ${bit}`);
      }
    }
  }
});

test('a handshake made for another nonce proves nothing', () => {
  const { proof } = read('key-ed25519');
  assertRefused({ ...proof, nonce: proof.gateRandom, gateRandom: proof.nonce }, 'swapped');
  assertRefused({ ...proof, nonce: randomBytes(32) }, 'another nonce');
  assertRefused({ ...proof, gateRandom: randomBytes(32) }, 'another random');
  const both = Buffer.concat([proof.nonce, proof.gateRandom]);
  assertRefused({ ...proof, nonce: both.subarray(0, 31), gateRandom: both.subarray(31) }, 'moved border');
  assertRefused({ ...proof, nonce: both.subarray(0, 33), gateRandom: both.subarray(33) }, 'moved border');
  assertRefused({ ...proof, nonce: both, gateRandom: Buffer.alloc(0) }, 'moved border');
});

test('messages left out, doubled, exchanged, cut or lengthened prove nothing', () => {
  for (const name of ['key-ed25519', 'retry-aes-256-gcm', 'suite-aes-128-gcm']) {
    const { proof } = read(name);
    const { messages } = proof;
    assertRefused({ ...proof, messages: [] }, 'none');
    assertRefused({ ...proof, messages: [...messages, Buffer.from('14000000', 'hex')] }, 'one more');
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i] as Buffer;
      assertRefused({ ...proof, messages: messages.toSpliced(i, 1) }, `${name}: without ${i}`);
      assertRefused({ ...proof, messages: messages.toSpliced(i, 0, message) }, `${name}: ${i} twice`);
      for (let j = 0; j < i; j++) {
        const swapped = messages.with(i, messages[j] as Buffer).with(j, message);
        assertRefused({ ...proof, messages: swapped }, `${name}: ${i} and ${j} exchanged`);
      }
      for (let size = 0; size < message.length; size++) {
        assertRefused(
          { ...proof, messages: messages.with(i, message.subarray(0, size)) },
          `${name}: ${i} cut to ${size}`,
        );
      }
      const longer = Buffer.concat([message, Buffer.alloc(1)]);
      assertRefused({ ...proof, messages: messages.with(i, longer) }, `${name}: ${i} with a byte more`);
    }
  }
});

test('messages of two handshakes do not mix', () => {
  const one = read('suite-aes-128-gcm').proof;
  const other = read('suite-aes-256-gcm').proof;
  for (const [i, message] of other.messages.entries()) {
    if (Buffer.from(message).equals(one.messages[i] as Buffer)) continue;
    const messages = one.messages.with(i, message);
    assertRefused({ ...one, messages }, `message ${i}`);
  }
});

test('whatever bytes come, they are refused and never an exception', () => {
  const seed = Date.now() & 0x7fffffff;
  const bytes = fc.uint8Array({ maxLength: 300 });
  const framed = fc.tuple(fc.constantFrom(1, 2, 8, 11, 13, 15), bytes).map(([type, body]) => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(body.length);
    header[0] = type;
    return Buffer.concat([header, body]);
  });
  const proofs = fc.record({
    messages: fc.array(fc.oneof(bytes, framed), { maxLength: 10 }),
    nonce: fc.uint8Array({ minLength: 30, maxLength: 33 }),
    gateRandom: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  });
  const mutated = fc
    .record({ at: fc.nat(), value: fc.nat(255), index: fc.nat(4), cut: fc.nat(40) })
    .map(({ at, value, index, cut }) => {
      const { proof } = read('key-rsa-2048');
      const message = Buffer.from(proof.messages[index] as Buffer);
      message[at % message.length] = (message[at % message.length] ?? 0) ^ (value || 1);
      return {
        ...proof,
        messages: proof.messages.with(index, message.subarray(0, Math.max(message.length - (cut % 3), 0))),
      };
    });
  fc.assert(
    fc.property(fc.oneof(proofs, mutated), (proof) => verifyHandshakeProof(proof).kind === 'refused'),
    { seed, numRuns: 2_000 },
  );
});

// From here on the handshakes are made by hand, so that what a faulty or hostile side might do can be signed properly.

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const vector = (lengthBytes: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(body.length, 0, lengthBytes);
  return Buffer.concat([length, body]);
};
const message = (type: number, ...parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from([type]), vector(3, ...parts)]);
const extension = (type: number, ...value: readonly Uint8Array[]): Buffer =>
  Buffer.concat([u16(type), vector(2, ...value)]);

interface Parts {
  readonly spki: Buffer;
  readonly signature: (content: Buffer) => Buffer;
  readonly scheme: number;
  readonly suite: number;
  readonly version: Buffer;
  readonly certificateType: Buffer;
  readonly serverExtensions: readonly Buffer[];
  readonly encryptedExtensions: readonly Buffer[];
  readonly entries: readonly Buffer[];
  readonly context: Buffer;
  readonly contextString: string;
  readonly request: readonly Buffer[];
}

const ed25519 = generateKeyPairSync('ed25519');
const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

const build = (changes: Partial<Parts> = {}): HandshakeProof => {
  const nonce = randomBytes(32);
  const gateRandom = randomBytes(32);
  const spki = changes.spki ?? spkiOf(ed25519.publicKey);
  const suite = u16(changes.suite ?? 0x1301);
  const random = clientRandomOf(nonce, gateRandom);
  const version = changes.version ?? Buffer.from('0304', 'hex');
  const certificateType = changes.certificateType ?? Buffer.from([2]);
  const clientHello = message(
    1,
    u16(0x0303),
    random,
    vector(1),
    vector(2, suite),
    vector(1, Buffer.alloc(1)),
    vector(2),
  );
  const serverExtensions = changes.serverExtensions ?? [extension(43, version), extension(51, Buffer.alloc(36))];
  const serverHello = message(
    2,
    u16(0x0303),
    randomBytes(32),
    vector(1),
    suite,
    Buffer.alloc(1),
    vector(2, ...serverExtensions),
  );
  const encrypted = message(8, vector(2, ...(changes.encryptedExtensions ?? [extension(20, certificateType)])));
  const entries = changes.entries ?? [Buffer.concat([vector(3, spki), vector(2)])];
  const certificate = message(11, vector(1, changes.context ?? Buffer.alloc(0)), vector(3, ...entries));
  const before = [clientHello, serverHello, encrypted, ...(changes.request ?? []), certificate];
  const hash = suite[1] === 2 ? 'sha384' : 'sha256';
  const contextString = changes.contextString ?? 'TLS 1.3, server CertificateVerify';
  const content = Buffer.concat([
    Buffer.alloc(64, ' '),
    Buffer.from(`${contextString}\0`, 'latin1'),
    createHash(hash).update(Buffer.concat(before)).digest(),
  ]);
  const signature = changes.signature?.(content) ?? sign(null, content, ed25519.privateKey);
  return { nonce, gateRandom, messages: [...before, message(15, u16(changes.scheme ?? 0x0807), vector(2, signature))] };
};

test('a handshake made by hand proves its key, also one with a CertificateRequest', () => {
  const request = message(13, vector(1), vector(2, extension(13, vector(2, u16(0x0807)))));
  for (const proof of [build(), build({ suite: 0x1302 }), build({ request: [request] })]) {
    const verdict = verifyHandshakeProof(proof);
    assert.equal(
      verdict.kind === 'ok' && verdict.keyId,
      createHash('sha256').update(spkiOf(ed25519.publicKey)).digest('hex'),
    );
  }
});

test('a properly signed handshake that is not TLS 1.3 with one raw public key proves nothing', () => {
  const spki = spkiOf(ed25519.publicKey);
  const entry = Buffer.concat([vector(3, spki), vector(2)]);
  const keyShare = extension(51, Buffer.alloc(36));
  const version = extension(43, u16(0x0304));
  const cases: Record<string, Partial<Parts>> = {
    'TLS 1.2 selected': { version: u16(0x0303) },
    'no version selected': { serverExtensions: [keyShare] },
    'no key exchange': { serverExtensions: [version] },
    'a pre-shared key': { serverExtensions: [version, keyShare, extension(41, u16(0))] },
    'a version selected twice': { serverExtensions: [version, version, keyShare] },
    'an X.509 certificate': { certificateType: Buffer.from([0]) },
    'no certificate type': { encryptedExtensions: [] },
    'two certificate types': { certificateType: Buffer.from([2, 0]) },
    'no key': { entries: [] },
    'two keys': { entries: [entry, entry] },
    'a key with extensions': { entries: [Buffer.concat([vector(3, spki), vector(2, extension(5, Buffer.alloc(1)))])] },
    'a certificate context': { context: Buffer.from([1]) },
    'a signature of a client': { contextString: 'TLS 1.3, client CertificateVerify' },
    'an unknown suite': { suite: 0x1399 },
    'a suite of TLS 1.2': { suite: 0xc02b },
    'a malformed CertificateRequest': { request: [message(13, vector(1))] },
    'two CertificateRequests': { request: [message(13, vector(1), vector(2)), message(13, vector(1), vector(2))] },
  };
  for (const [why, changes] of Object.entries(cases)) assertRefused(build(changes), why);
});

test('a signature counts only under a scheme made for that type of key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const signWith =
    (hash: string | null, key: KeyObject, more = {}) =>
    (content: Buffer) =>
      sign(hash, content, { key, ...more });
  const pss = { padding: 6, saltLength: 32 };
  const good = [
    build({ spki: spkiOf(rsa.publicKey), scheme: 0x0804, signature: signWith('sha256', rsa.privateKey, pss) }),
    build({ spki: spkiOf(p256.publicKey), scheme: 0x0403, signature: signWith('sha256', p256.privateKey) }),
    build({ spki: spkiOf(p384.publicKey), scheme: 0x0503, signature: signWith('sha384', p384.privateKey) }),
  ];
  for (const proof of good) assert.equal(verifyHandshakeProof(proof).kind, 'ok');
  const bad: Record<string, Partial<Parts>> = {
    'PKCS #1 v1.5': { spki: spkiOf(rsa.publicKey), scheme: 0x0401, signature: signWith('sha256', rsa.privateKey) },
    'PKCS #1 v1.5 called PSS': {
      spki: spkiOf(rsa.publicKey),
      scheme: 0x0804,
      signature: signWith('sha256', rsa.privateKey),
    },
    'a short salt': {
      spki: spkiOf(rsa.publicKey),
      scheme: 0x0804,
      signature: signWith('sha256', rsa.privateKey, { padding: 6, saltLength: 20 }),
    },
    'an RSA key under the scheme of PSS keys': {
      spki: spkiOf(rsa.publicKey),
      scheme: 0x0809,
      signature: signWith('sha256', rsa.privateKey, pss),
    },
    'P-384 with SHA-256': {
      spki: spkiOf(p384.publicKey),
      scheme: 0x0403,
      signature: signWith('sha256', p384.privateKey),
    },
    'P-256 with SHA-384': {
      spki: spkiOf(p256.publicKey),
      scheme: 0x0503,
      signature: signWith('sha384', p256.privateKey),
    },
    'ECDSA with SHA-1': { spki: spkiOf(p256.publicKey), scheme: 0x0203, signature: signWith('sha1', p256.privateKey) },
    'Ed25519 called Ed448': { scheme: 0x0808 },
  };
  for (const [why, changes] of Object.entries(bad)) assertRefused(build(changes), why);
});

test('one key has one key id: other encodings of it, weak and odd keys prove nothing', () => {
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = (content: Buffer): Buffer => sign('sha256', content, p256.privateKey);
  const compressed = createPublicKey({
    key: Buffer.concat([
      Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
      Buffer.from([2 + ((spkiOf(p256.publicKey).at(-1) ?? 0) & 1)]),
      spkiOf(p256.publicKey).subarray(27, 59),
    ]),
    format: 'der',
    type: 'spki',
  });
  const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const x25519 = generateKeyPairSync('x25519');
  const plain = spkiOf(ed25519.publicKey);
  const cases: Record<string, Partial<Parts>> = {
    'a compressed point': { spki: spkiOf(compressed), scheme: 0x0403, signature },
    'explicit curve parameters': {
      spki: spkiOf(explicit.publicKey),
      scheme: 0x0403,
      signature: (content) => sign('sha256', content, explicit.privateKey),
    },
    'another curve': {
      spki: spkiOf(other.publicKey),
      scheme: 0x0403,
      signature: (content) => sign('sha256', content, other.privateKey),
    },
    'RSA of 1024 bits': {
      spki: spkiOf(weak.publicKey),
      scheme: 0x0804,
      signature: (content) => sign('sha256', content, { key: weak.privateKey, padding: 6, saltLength: 32 }),
    },
    'a key that cannot sign': { spki: spkiOf(x25519.publicKey) },
    'a long form of the length': { spki: Buffer.concat([Buffer.from('30812a', 'hex'), plain.subarray(2)]) },
    'a byte after it': { spki: Buffer.concat([plain, Buffer.alloc(1)]) },
    'an Ed25519 key with parameters': {
      spki: Buffer.concat([Buffer.from('302c300706032b65700500032100', 'hex'), plain.subarray(12)]),
    },
    'a private key': {
      spki: createPrivateKey(ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' })).export({
        type: 'pkcs8',
        format: 'der',
      }),
    },
    nothing: { spki: Buffer.alloc(0) },
  };
  for (const [why, changes] of Object.entries(cases)) assertRefused(build(changes), why);
});

test('oversized messages and too many of them are refused before they are hashed', () => {
  const { proof } = read('key-ed25519');
  const big = message(
    8,
    vector(2, extension(20, Buffer.from([2])), extension(99, Buffer.alloc(65_000))),
    Buffer.alloc(600),
  );
  assertRefused({ ...proof, messages: proof.messages.with(2, big) }, 'too large');
  assertRefused({ ...proof, messages: Array.from({ length: 9 }, () => proof.messages[0] as Buffer) }, 'too many');
});

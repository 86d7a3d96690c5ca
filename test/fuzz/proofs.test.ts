// What a gate sends to the keep for a machine, or a person for an approval: all of it may have been made by a gate that was taken
// over. Nothing that was changed may prove anything.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { verifyHandshakeProof } from '@chatelaine/rawtls';
import fc from 'fast-check';
import { readRawPublicKey } from '../../lib/rawtls/src/raw-public-key.ts';
import { parseSshPublicKey, verifySshSignature } from '../../server/keep/src/kernel/ssh-signature.ts';
import { fuzzDecoder } from './fuzz-decoder.ts';
import { vectorFiles, vectorsIn } from './kept-vectors.ts';

interface ProofVector {
  readonly nonce: string;
  readonly gateRandom: string;
  readonly messages: readonly string[];
}

const proofs = vectorFiles('lib/rawtls/vectors').map((file) => vectorsIn<ProofVector>(file));

/** One input carries a whole proof: so many messages, each with its length in front. */
const joinProof = ({ nonce, gateRandom, messages }: ProofVector): Buffer =>
  Buffer.concat(
    [nonce, gateRandom, ...messages].map((hex) => {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(hex.length / 2);
      return Buffer.concat([size, Buffer.from(hex, 'hex')]);
    }),
  );

const splitProof = (input: Buffer): readonly Buffer[] => {
  const parts: Buffer[] = [];
  for (let at = 0; at + 2 <= input.length; ) {
    const end = at + 2 + input.readUInt16BE(at);
    parts.push(input.subarray(at + 2, end));
    at = end;
  }
  return parts;
};

const genuine = new Set(proofs.map((proof) => joinProof(proof).toString('hex')));

fuzzDecoder({
  name: 'handshake-proof',
  // The message of one handshake in the place of another's, and some left out.
  grammar: fc.oneof(
    fc.constantFrom(...proofs).map(joinProof),
    fc.tuple(fc.constantFrom(...proofs), fc.constantFrom(...proofs), fc.nat(6)).map(([proof, other, at]) =>
      joinProof({
        ...proof,
        messages: proof.messages.map((message, index) => (index === at ? (other.messages[at] ?? message) : message)),
      }),
    ),
    fc
      .tuple(fc.constantFrom(...proofs), fc.nat(6))
      .map(([proof, at]) => joinProof({ ...proof, messages: proof.messages.filter((_, index) => index !== at) })),
  ),
  words: ['0304', '0303', '002b0002', '00140001', '001400010', '0a0a', '0b00', '0807', '0403', '1301', '1302'].map(
    (hex) => Buffer.from(hex, 'hex'),
  ),
  decode: (input) => {
    const [nonce = Buffer.alloc(0), gateRandom = Buffer.alloc(0), ...messages] = splitProof(input);
    const verdict = verifyHandshakeProof({ nonce, gateRandom, messages });
    if (verdict.kind === 'refused') return false;
    const same = joinProof({
      nonce: nonce.toString('hex'),
      gateRandom: gateRandom.toString('hex'),
      messages: messages.map((message) => message.toString('hex')),
    });
    assert.ok(genuine.has(same.toString('hex')), 'a changed handshake proves nothing');
    return true;
  },
});

const spkis = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed448')].map(({ publicKey }) =>
  publicKey.export({ format: 'der', type: 'spki' }),
);
const curves = ['P-256', 'P-384', 'P-521'].map((namedCurve) =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'der', type: 'spki' }),
);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });

fuzzDecoder({
  name: 'raw-public-key',
  grammar: fc.constantFrom(...spkis, ...curves, rsa.publicKey.export({ format: 'der', type: 'spki' })),
  words: ['3059', '3082', '0500', '03010001', '300506032b6570', '06082a8648ce3d030107'].map((hex) =>
    Buffer.from(hex, 'hex'),
  ),
  decode: (input) => readRawPublicKey(input) !== undefined,
});

const wire = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(part.length);
      return Buffer.concat([size, Buffer.from(part as string)]);
    }),
  );

const person = generateKeyPairSync('ed25519');
const blob = wire('ssh-ed25519', Buffer.from(person.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
const message = Buffer.from('exactly this');
const signed = Buffer.concat([
  Buffer.from('SSHSIG'),
  wire('approval', '', 'sha512', createHash('sha512').update(message).digest()),
]);
const signature = Buffer.concat([
  Buffer.from('SSHSIG\0\0\0\x01'),
  wire(blob, 'approval', '', 'sha512', wire('ssh-ed25519', sign(null, signed, person.privateKey))),
]);

/** Keys of the other kinds, each in a signature that is right but for its mathematics. */
const otherBlobs = [
  wire('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 9), 'ssh:'),
  wire(
    'ecdsa-sha2-nistp256',
    'nistp256',
    Buffer.from(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' }),
    ).subarray(-65),
  ),
  wire('ssh-rsa', Buffer.from([1, 0, 1]), Buffer.from(`\0${rsa.publicKey.export({ format: 'jwk' }).n}`)),
];
const otherSignature = (other: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('SSHSIG\0\0\0\x01'),
    wire(other, 'approval', '', 'sha512', wire('ecdsa-sha2-nistp256', wire(Buffer.alloc(32, 1), Buffer.alloc(32, 2)))),
  ]);

fuzzDecoder({
  name: 'ssh-signature',
  grammar: fc.constantFrom(signature, ...otherBlobs.map(otherSignature)),
  words: [
    'ssh-ed25519',
    'ssh-rsa',
    'rsa-sha2-512',
    'ecdsa-sha2-nistp256',
    'nistp256',
    'sk-ssh-ed25519@openssh.com',
    'sha256',
    'sha512',
    'approval',
    '\0\0\0\0',
  ],
  decode: (input) => {
    const isGood = verifySshSignature(input, { blob, namespace: 'approval', message });
    // The reserved field is part of what is not signed.
    if (isGood) assert.ok(input.includes(blob) && input.length >= signature.length, 'only the signer signs');
    for (const other of otherBlobs)
      assert.ok(!verifySshSignature(input, { blob: other, namespace: 'approval', message }));
    return isGood;
  },
});

const publicLine = (type: string, key: Buffer): Buffer => Buffer.from(`${type} ${key.toString('base64')} name@host`);

fuzzDecoder({
  name: 'ssh-public-key',
  grammar: fc.constantFrom(
    publicLine('ssh-ed25519', blob),
    ...otherBlobs.map((other) => publicLine(other.toString('latin1', 4, 4 + other.readUInt32BE(0)), other)),
  ),
  words: ['ssh-ed25519', 'ssh-rsa', ' ', 'AAAA', '=', 'AAAAC3NzaC1lZDI1NTE5', 'constructor', '__proto__'],
  decode: (input) => parseSshPublicKey(input.toString('latin1')) !== undefined,
});

// Makes lib/rawtls/vectors/*.json anew: handshakes as they were, for the check of proofs to be tested without GnuTLS.
// Run: node lib/rawtls/src/capture-vectors.ts [DIRECTORY]; the keys are thrown away.

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientRandomOf, type HandshakeProof, verifyHandshakeProof } from './proof.ts';
import { openRawTls } from './raw-tls.ts';
import { type KeyType, keyTypes, makeKeyPair, shakeHands, withKey } from './shake-hands.ts';

const suites = ['AES-256-GCM', 'CHACHA20-POLY1305', 'AES-128-GCM', 'AES-128-CCM'] as const;

interface Vector {
  readonly about: string;
  readonly nonce: string;
  readonly gateRandom: string;
  readonly messages: readonly string[];
  readonly keyId: string;
  readonly transcriptHash: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const vectorOf = (about: string, proof: HandshakeProof): Vector => {
  const verdict = verifyHandshakeProof(proof);
  if (verdict.kind === 'refused') throw new Error(`${about}: not a proof`);
  return {
    about,
    nonce: hex(proof.nonce),
    gateRandom: hex(proof.gateRandom),
    messages: proof.messages.map(hex),
    keyId: verdict.keyId,
    transcriptHash: hex(verdict.transcriptHash),
  };
};

const capture = async (about: string, type: KeyType, serverPriority: string): Promise<Vector> =>
  await withKey(makeKeyPair(type), async (key) => {
    const { client, server, proof } = await shakeHands({ key, serverPriority });
    client.destroy();
    server.destroy();
    return vectorOf(about, proof);
  });

const captureStockClient = async (keyType: string): Promise<Vector> => {
  const dir = mkdtempSync(join(tmpdir(), 'stock-'));
  const multiarch = readdirSync('/usr/lib').find((name) => name.endsWith('-linux-gnu'));
  execFileSync('mandos-keygen', [
    '--dir',
    dir,
    '--name',
    'vector',
    '--tls-keytype',
    keyType,
    '--type',
    'RSA',
    '--length',
    '1024',
  ]);
  const listener = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const program = `/usr/lib/${multiarch}/mandos/plugins.d/mandos-client`;
  const files = [`--pubkey=${dir}/pubkey.txt`, `--seckey=${dir}/seckey.txt`];
  const tlsFiles = [`--tls-pubkey=${dir}/tls-pubkey.pem`, `--tls-privkey=${dir}/tls-privkey.pem`];
  const client = spawn(program, ['--interface=none', `--connect=127.0.0.1:${port}`, ...files, ...tlsFiles]);
  try {
    const socket = await accepted;
    let line = '';
    while (!line.endsWith('\n')) {
      line += socket.read(1) ?? '';
      if (!line.endsWith('\n')) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const nonce = randomBytes(32);
    const gateRandom = randomBytes(32);
    const outcome = await openRawTls(socket, { role: 'client', clientRandom: clientRandomOf(nonce, gateRandom) });
    if (outcome.kind === 'failed') throw new Error(outcome.text);
    const proof = { messages: outcome.messages, nonce, gateRandom };
    outcome.destroy();
    return vectorOf(`mandos-client of Debian 12 with the TLS key type ${keyType}`, proof);
  } finally {
    client.kill('SIGKILL');
    listener.close();
    rmSync(dir, { recursive: true });
  }
};

const directory = process.argv[2] ?? join(import.meta.dirname, '../vectors');
mkdirSync(directory, { recursive: true });
const write = (name: string, vector: Vector): void =>
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(vector, undefined, 2)}\n`);

for (const type of keyTypes) write(`key-${type}`, await capture(`key type ${type}`, type, ''));
for (const suite of suites) {
  const name = suite.toLowerCase();
  const only = `:-CIPHER-ALL:+${suite}`;
  write(`suite-${name}`, await capture(`suite ${suite}`, 'ed25519', only));
  const group = ':-GROUP-ALL:+GROUP-SECP384R1';
  write(`retry-${name}`, await capture(`HelloRetryRequest, suite ${suite}`, 'ed25519', only + group));
}
for (const keyType of ['ed25519', 'rsa']) write(`stock-${keyType}`, await captureStockClient(keyType));

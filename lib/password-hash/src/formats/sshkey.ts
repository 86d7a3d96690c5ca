// A key pair of SSH: the private key as ssh(1) reads it from a file, directly followed by the public line, without a newline,
// as Trocla stores it. With a passphrase the private key is really encrypted (PKCS #8).

import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { decodeBase64 } from '../base64.ts';
import { defineFormat } from '../define-format.ts';
import { text, wholeNumber } from '../option-types.ts';
import type { FormatRefused } from '../password-format.ts';
import { pemBlocks, pemText } from '../pem.ts';
import { refuse } from '../refuse.ts';
import { runSlowly } from '../slow-queue.ts';
import { ed25519PrivateFile, publicBlob, publicBlobOfFile, publicLine } from '../ssh-key.ts';
import { joinBytes, wipe } from '../wipe.ts';

const generate = promisify(generateKeyPair);

const RSA_BITS = { least: 1_024, most: 16_384, usual: 2_048 };
const curves = new Map([
  [256, 'P-256'],
  [384, 'P-384'],
  [521, 'P-521'],
]);

const comment = text.pipe(z.string().regex(/^[^\0\r\n]*$/, 'must be a text of one line')).default('');
const passphrase = text.pipe(z.string().min(1, 'must not be empty')).optional();

const options = z
  .object({
    type: z
      .string('must be a text')
      .transform((type) => type.toLowerCase())
      .pipe(z.enum(['rsa', 'ecdsa', 'ed25519'], 'must be rsa, ecdsa or ed25519'))
      .default('rsa'),
    bits: wholeNumber(256, RSA_BITS.most).optional(),
    comment,
    passphrase,
  })
  .superRefine(({ type, bits, passphrase: secretPhrase }, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (type === 'ecdsa' && bits !== undefined && !curves.has(bits)) complain('bits', 'must be 256, 384 or 521');
    if (type === 'rsa' && bits !== undefined && bits < RSA_BITS.least) complain('bits', 'must be at least 1024');
    if (type === 'ed25519' && secretPhrase !== undefined) {
      complain(
        'passphrase',
        'an ed25519 key cannot be encrypted here: choose rsa or ecdsa, or leave the passphrase out',
      );
    }
  });

type Options = z.output<typeof options>;

const makeKey = async ({ type, bits }: Options): Promise<KeyObject> => {
  if (type === 'ed25519') return (await generate('ed25519')).privateKey;
  if (type === 'rsa') return (await generate('rsa', { modulusLength: bits ?? RSA_BITS.usual })).privateKey;
  return (await generate('ec', { namedCurve: curves.get(bits ?? 256) ?? 'P-256' })).privateKey;
};

/** The private key as text, which the caller wipes. */
const privateText = (key: KeyObject, wanted: Options, random: (target: Uint8Array) => void): Buffer => {
  if (key.asymmetricKeyType === 'ed25519') return ed25519PrivateFile(key, wanted.comment, random);
  if (wanted.passphrase !== undefined) {
    // 256 bits, and a key derivation that OpenSSL reads everywhere.
    const encryption = { cipher: 'aes-256-cbc', passphrase: wanted.passphrase };
    const der = key.export({ format: 'der', type: 'pkcs8', ...encryption });
    return pemText('ENCRYPTED PRIVATE KEY', der);
  }
  const isRsa = key.asymmetricKeyType === 'rsa';
  const der = key.export({ format: 'der', type: isRsa ? 'pkcs1' : 'sec1' });
  const pem = pemText(isRsa ? 'RSA PRIVATE KEY' : 'EC PRIVATE KEY', der);
  wipe(der);
  return pem;
};

interface Split {
  readonly privateKey: Buffer;
  readonly publicLine: string | undefined;
  readonly label: string;
}

/** Divides what is stored; the private part shares its memory. */
const split = (stored: Uint8Array): Split | undefined => {
  const block = pemBlocks(stored).find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (!block) return undefined;
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  const line = /^(?:ssh-|ecdsa-)\S+ [+/0-9A-Za-z]+=*/.exec(bytes.toString('latin1', block.end).trimStart())?.[0];
  return { privateKey: block.whole, publicLine: line, label: block.label };
};

type PublicKey = NonNullable<ReturnType<typeof publicBlob>>;

const fileBytes = (pem: Buffer): Buffer | undefined => {
  const start = pem.indexOf('\n');
  const end = pem.lastIndexOf('\n');
  const digits = pem.subarray(start, end).filter((byte) => byte > 0x20);
  const bytes = decodeBase64(digits);
  wipe(digits);
  return bytes;
};

/** The public key of a private one; a refusal where that cannot be read. */
const publicKeyOf = ({ label, privateKey }: Split, phrase: string | undefined): PublicKey | FormatRefused => {
  const unreadable = refuse('not-this-format', 'This is no private key that can be read.');
  if (label === 'OPENSSH PRIVATE KEY') {
    const file = fileBytes(privateKey);
    const found = file && publicBlobOfFile(file);
    if (file) wipe(file);
    return found ?? unreadable;
  }
  try {
    const key = createPrivateKey({
      key: privateKey,
      format: 'pem',
      ...(phrase !== undefined && { passphrase: phrase }),
    });
    return publicBlob(key) ?? unreadable;
  } catch (error) {
    const isEncrypted = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
    return isEncrypted ? refuse('missing-option', 'passphrase: the key is encrypted', 'passphrase') : unreadable;
  }
};

const NEWLINE = Buffer.from('\n');

/** SSH. */
export const sshkey = defineFormat({
  name: 'sshkey',
  summary: 'A key pair of SSH. Options: type (rsa, ecdsa or ed25519), bits, comment, passphrase.',
  kind: 'generated',
  isSlow: true,
  isRecoverable: true,
  options,
  renderings: [
    { name: 'privonly', isPublic: false },
    { name: 'pubonly', isPublic: true },
  ],
  async derive({ options: wanted, random }) {
    const key = await runSlowly(() => makeKey(wanted));
    if ('kind' in key) return key;
    const found = publicBlob(key);
    if (!found) throw new Error('OpenSSL made a key that SSH does not use');
    const secret = privateText(key, wanted, random);
    const value = joinBytes(secret, Buffer.from(publicLine(found.type, found.blob, wanted.comment)));
    wipe(secret);
    return { kind: 'derived', value };
  },
  import: {
    options: z.object({ comment, passphrase }),
    /**
     * A private key in PEM, of any kind; the public line is made from it. It is kept as it is, except for an ed25519 key in
     * PKCS #8, which older versions of OpenSSH do not read.
     */
    async take({ material, options: { comment: wanted, passphrase: secretPhrase }, random }) {
      const given = split(material);
      if (!given) return refuse('not-this-format', 'There is no private key in PEM in it.');
      const found = publicKeyOf(given, secretPhrase);
      if ('kind' in found) return found;
      const line = Buffer.from(publicLine(found.type, found.blob, wanted));
      if (given.label !== 'PRIVATE KEY' || found.type !== 'ssh-ed25519') {
        return { kind: 'derived', value: joinBytes(given.privateKey, NEWLINE, line) };
      }
      const secret = ed25519PrivateFile(createPrivateKey(given.privateKey), wanted, random);
      const value = joinBytes(secret, line);
      wipe(secret);
      return { kind: 'derived', value };
    },
  },
  recognizes: (stored) => split(stored)?.publicLine !== undefined,
  render(stored, flag) {
    if (flag === undefined) return { kind: 'rendered', text: joinBytes(stored) };
    const parts = split(stored);
    if (!parts) return refuse('not-this-format', 'The stored value is no key pair of SSH.');
    if (flag === 'privonly') return { kind: 'rendered', text: joinBytes(parts.privateKey, NEWLINE) };
    if (parts.publicLine !== undefined) return { kind: 'rendered', text: Buffer.from(parts.publicLine) };
    const found = publicKeyOf(parts, undefined);
    return 'kind' in found ? found : { kind: 'rendered', text: Buffer.from(publicLine(found.type, found.blob)) };
  },
});

// The files that an import reads. What is in them is encrypted for machines, so that it need not be wiped.

import { closeSync, constants, createReadStream, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { expandSecretFilePath, type Surroundings } from '../clients-conf/secret-file-path.ts';
import { Failure } from '../failure.ts';

/** A fleet of 100,000 machines with RSA-4096 secrets takes about 200 MB; a string holds no more than 512 MB. */
const MAX_FILE_BYTES = 500_000_000;
const MAX_SECRET_BYTES = 262_144;

const surroundings = (): Surroundings => ({
  environment: process.env,
  passwd: readFileSync('/etc/passwd', 'utf8'),
  uid: process.getuid?.() ?? 0,
});

/** Reads the file of a `secfile`; the message of an error is what the person reads. */
export const readSecretOf = (written: string): Uint8Array => {
  const path = expandSecretFilePath(written, surroundings());
  if (!isAbsolute(path)) throw new Error('the path is not absolute, and nobody knows from where Mandos looked');
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) throw new Error('is not a regular file');
    const bytes = Buffer.allocUnsafeSlow(MAX_SECRET_BYTES + 1);
    let size = 0;
    for (let read = -1; read !== 0 && size < bytes.length; size += read) {
      read = readSync(descriptor, bytes, size, bytes.length - size, null);
    }
    return bytes.subarray(0, size);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new Error(code);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
};

/** A whole file, or `-` for stdin; `undefined` if it does not exist. */
export const readIfThere = async (given: string): Promise<Uint8Array | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream = given === '-' ? process.stdin : createReadStream(given);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_FILE_BYTES) throw new Failure('input', `${given} is larger than ${MAX_FILE_BYTES} bytes.`);
      chunks.push(chunk);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw code === undefined ? error : new Failure('input', `${given} cannot be read: ${code}.`);
  }
  return Buffer.concat(chunks);
};

/** A whole file, or `-` for stdin. */
export const readWhole = async (given: string): Promise<Uint8Array> => {
  const bytes = await readIfThere(given);
  if (bytes === undefined) throw new Failure('input', `${given} cannot be read: ENOENT.`);
  return bytes;
};

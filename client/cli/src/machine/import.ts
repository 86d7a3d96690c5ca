// `chatelaine machine import FILE`: takes over the machines of a Mandos clients.conf. If anything in it is wrong, nothing is
// imported.

import { closeSync, constants, createReadStream, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { readClients } from '../clients-conf/clients.ts';
import { describeProblem, type Problem } from '../clients-conf/problem.ts';
import { expandSecretFilePath, type Surroundings } from '../clients-conf/secret-file-path.ts';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { enrollInBatches } from './enroll-in-batches.ts';

/** A fleet of 100,000 machines with RSA-4096 secrets takes about 200 MB; a string holds no more than 512 MB. */
const MAX_FILE_BYTES = 500_000_000;
const MAX_SECRET_BYTES = 262_144;

const surroundings = (): Surroundings => ({
  environment: process.env,
  passwd: readFileSync('/etc/passwd', 'utf8'),
  uid: process.getuid?.() ?? 0,
});

/** Reads the file of a `secfile`; the message of an error is what the person reads. */
const readSecret = (written: string): Uint8Array => {
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

/** The whole file. What is in it is encrypted, so that it need not be wiped. */
const readText = async (given: string): Promise<Uint8Array> => {
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
    throw code === undefined ? error : new Failure('input', `${given} cannot be read: ${code}.`);
  }
  return Buffer.concat(chunks);
};

const showProblems = (file: string, problems: readonly Problem[], prefix = ''): void => {
  for (const problem of problems) say(printable(`${prefix}${describeProblem(file, problem)}`));
};

export interface ImportOptions extends GlobalOptions {
  readonly replace?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `-` is stdin. */
export const importMachines = async (given: string, options: ImportOptions): Promise<void> => {
  const file = given === '-' ? 'stdin' : given;
  const text = await readText(given);
  const { machines, problems, notes } = readClients(text, readSecret);
  showProblems(file, notes, 'note: ');
  showProblems(file, problems);
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'One thing is' : `${problems.length} things are`;
    throw new Failure('input', `${count} wrong in ${file}; nothing was imported.`);
  }
  if (machines.length === 0) say(`${file} has no machines.`);
  if (options.check === true) {
    say(`${machines.length} machines can be imported.`);
    return;
  }
  if (machines.length === 0) return;
  await askKeep(options, async (client) => {
    const all = machines.map(({ machine }) => machine);
    const result = await enrollInBatches(client, all, options.replace === true);
    if (options.json === true) return await printJson(result);
    const replaced = result.replaced.length === 0 ? '' : `, ${result.replaced.length} of them in place of earlier ones`;
    say(`${all.length} ${all.length === 1 ? 'machine is' : 'machines are'} imported${replaced}.`);
  });
};

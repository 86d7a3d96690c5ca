// Who signs, and with which key: what was said, else what follows from the rest. The key in a file says who it belongs to;
// a person alone means the key they are registered with, which then an agent has to hold.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, machines, type OutputOf } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { answerOf } from '../refused-answer.ts';

type Approver = OutputOf<typeof machines.approvers>['approvers'][number];

export interface SignerOptions {
  /** Who signs. */
  readonly as?: string;
  /** The private key, or a public one whose private half an agent holds. */
  readonly key?: string;
}

/** Someone who signs, with a file that names the key. */
export interface Signer extends AsyncDisposable {
  readonly name: string;
  readonly keyFile: string;
}

/** Type and base64 of a line of a `.pub` file, without its comment. */
const keyIn = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

/** The public key beside a private one, or the file itself if it is public. */
const publicKeyOf = async (file: string): Promise<string | undefined> => {
  const text = await readFile(file.endsWith('.pub') ? file : `${file}.pub`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : keyIn(text);
};

const findOwner = async (approvers: readonly Approver[], file: string): Promise<string> => {
  const key = await publicKeyOf(file);
  if (key === undefined) throw new Failure('usage', `There is no ${file}.pub that says whose it is.`, 'Say --as NAME.');
  const owner = approvers.find(({ publicKey }) => keyIn(publicKey) === key);
  if (owner !== undefined) return owner.name;
  throw new Failure('refused', `${file} is no key of an approver.`, 'chatelaine approver list shows whose are.');
};

const nothing = async (): Promise<void> => undefined;

const signerByAgent = async (approvers: readonly Approver[], name: string): Promise<Signer> => {
  const approver = approvers.find((entry) => entry.name === name);
  if (approver === undefined)
    throw new Failure('refused', `Nobody is known as ${name}.`, 'See: chatelaine approver list');
  const directory = await mkdtemp(join(tmpdir(), 'chatelaine-'));
  const keyFile = join(directory, 'approver.pub');
  await writeFile(keyFile, `${approver.publicKey}\n`, { mode: 0o600 });
  return { name, keyFile, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
};

/** Chooses; the command ends if it is not clear. */
export const chooseSigner = async (client: Client, options: SignerOptions): Promise<Signer> => {
  const { as, key } = options;
  if (as !== undefined && key !== undefined) return { name: as, keyFile: key, [Symbol.asyncDispose]: nothing };
  if (as === undefined && key === undefined) {
    throw new Failure('usage', 'This request has to be signed.', 'Say --key FILE, or --as NAME for a key in an agent.');
  }
  const { approvers } = answerOf(await client.call(machines.approvers, {}));
  if (key === undefined) return await signerByAgent(approvers, as ?? '');
  return { name: await findOwner(approvers, key), keyFile: key, [Symbol.asyncDispose]: nothing };
};

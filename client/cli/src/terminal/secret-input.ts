// Secrets come from a prompt, from stdin or from a file; never from an argument, and never as a string.

import { open } from 'node:fs/promises';
import { PromptEndedError, UnseenPrompt } from '@chatelaine/process/unseen-prompt';
import { Failure } from '../failure.ts';

const MAX_BYTES = 65_536;
const LINE_FEED = 10;
const RETURN = 13;

/** Reads a stream to its end into one buffer of its own, wiping what passed through. */
const readStream = async (stream: AsyncIterable<Buffer>, what: string, limit: number): Promise<Buffer> => {
  const whole = Buffer.allocUnsafeSlow(limit + 1);
  let size = 0;
  try {
    for await (const chunk of stream) {
      const copied = chunk.copy(whole, size);
      const isTooLong = copied < chunk.length || size + copied > limit;
      chunk.fill(0);
      if (isTooLong) throw new Failure('input', `${what} is larger than ${limit} bytes.`);
      size += copied;
    }
    const exact = Buffer.allocUnsafeSlow(size);
    whole.copy(exact, 0, 0, size);
    return exact;
  } finally {
    whole.fill(0);
  }
};

/** All of stdin, exactly as it is. The caller wipes it. */
export const readStdin = (what: string, limit = MAX_BYTES): Promise<Buffer> =>
  readStream(process.stdin as AsyncIterable<Buffer>, what, limit);

/** All of a file, exactly as it is; a pipe will do. The caller wipes it. */
export const readSecretFile = async (path: string, limit = MAX_BYTES): Promise<Buffer> => {
  try {
    await using file = await open(path, 'r');
    return await readStream(file.createReadStream({ autoClose: false }), path, limit);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('input', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
};

/** The same bytes without one line end at their end; wipes what it was given. */
const withoutLineEnd = (bytes: Buffer): Buffer => {
  let end = bytes.length;
  if (bytes[end - 1] === LINE_FEED) end--;
  if (end < bytes.length && bytes[end - 1] === RETURN) end--;
  const exact = Buffer.allocUnsafeSlow(end);
  bytes.copy(exact, 0, 0, end);
  bytes.fill(0);
  return exact;
};

/** The last line as text, and copies of the bytes before it without their line end, which the caller wipes. */
export const splitLastLine = (bytes: Buffer): { readonly passPhrase: Buffer; readonly last: string } => {
  const end = bytes.at(-1) === LINE_FEED ? bytes.length - 1 : bytes.length;
  const at = bytes.subarray(0, end).lastIndexOf(LINE_FEED);
  const last = bytes.toString('latin1', at + 1, end).trim();
  return { passPhrase: withoutLineEnd(Buffer.from(bytes.subarray(0, at + 1))), last };
};

/** What is asked for: how to name it, and whether it is new, so that it is asked for twice. */
export interface SecretQuestion {
  /** Lower case, such as `pass phrase`. */
  readonly name: string;
  readonly isNew: boolean;
}

const askTwice = async (prompt: UnseenPrompt, name: string): Promise<Buffer> => {
  for (;;) {
    const first = await prompt.ask(`New ${name}: `);
    const second = await prompt.ask(`Repeat ${name}: `);
    const isSame = first.equals(second);
    second.fill(0);
    if (isSame) return first;
    first.fill(0);
    process.stderr.write('They differ. Once more.\n');
  }
};

/** A pass phrase or password from the prompt; only if stdin is a terminal. The caller wipes it. */
export const askSecret = async ({ name, isNew }: SecretQuestion): Promise<Buffer> => {
  const prompt = new UnseenPrompt();
  try {
    if (isNew) return await askTwice(prompt, name);
    return await prompt.ask(`${name.replace(/^./, (first) => first.toUpperCase())}: `);
  } catch (error) {
    if (!(error instanceof PromptEndedError)) throw error;
    throw new Failure(error.reason === 'interrupted' ? 'interrupted' : 'usage', error.message);
  }
};

/** A pass phrase from the prompt, or from stdin without the line end that `echo` puts there. The caller wipes it. */
export const readPassPhrase = async (question: SecretQuestion): Promise<Buffer> => {
  const bytes = process.stdin.isTTY
    ? await askSecret(question)
    : withoutLineEnd(await readStdin(`The ${question.name}`));
  if (bytes.length === 0) throw new Failure('usage', `The ${question.name} is empty.`);
  return bytes;
};

/** A password from the prompt, or exactly what stdin gives. The caller wipes it. */
export const readPassword = async (question: SecretQuestion): Promise<Buffer> => {
  if (process.stdin.isTTY) return await askSecret(question);
  const bytes = await readStdin(`The ${question.name}`);
  if (bytes[bytes.length - 1] === LINE_FEED) {
    process.stderr.write(`note: the ${question.name} ends with a line feed, which is kept; printf %s gives none\n`);
  }
  return bytes;
};

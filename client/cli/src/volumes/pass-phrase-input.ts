// Pass phrases of volumes: from the prompt, or from standard input, where each is a line.

import { Failure } from '../failure.ts';
import { askSecret, readPassPhrase, readStdin } from '../terminal/secret-input.ts';
import { LONGEST_PASS_PHRASE } from './luks-image.ts';

const LINE_FEED = 10;

const checked = (bytes: Buffer, name: string): Buffer => {
  const problem =
    bytes.length === 0
      ? 'is empty'
      : bytes.length > LONGEST_PASS_PHRASE
        ? `is longer than ${LONGEST_PASS_PHRASE} bytes, which nobody could type at boot`
        : bytes.includes(LINE_FEED)
          ? 'has more than one line'
          : undefined;
  if (problem === undefined) return bytes;
  bytes.fill(0);
  throw new Failure('usage', `The ${name} ${problem}.`);
};

/** One pass phrase. The caller wipes it. */
export const readVolumePassPhrase = async (isNew: boolean): Promise<Buffer> =>
  checked(await readPassPhrase({ name: 'pass phrase', isNew }), 'pass phrase');

/** One that is there and one that is new: two prompts, or two lines. The caller wipes both. */
export const readPresentAndNew = async (): Promise<readonly [Buffer, Buffer]> => {
  if (process.stdin.isTTY) {
    const present = checked(await askSecret({ name: 'pass phrase', isNew: false }), 'pass phrase');
    return [present, checked(await askSecret({ name: 'pass phrase', isNew: true }), 'new pass phrase')];
  }
  const given = await readStdin('The pass phrases');
  try {
    const end = given.indexOf(LINE_FEED);
    if (end < 0)
      throw new Failure('usage', 'Two lines are needed: a pass phrase that opens the volumes, then the new one.');
    const last = given.at(-1) === LINE_FEED && given.length - 1 > end ? given.length - 1 : given.length;
    const copyOf = (part: Buffer): Buffer => {
      const copy = Buffer.allocUnsafeSlow(part.length);
      part.copy(copy);
      return copy;
    };
    const present = checked(copyOf(given.subarray(0, end)), 'first line');
    return [present, checked(copyOf(given.subarray(end + 1, last)), 'second line')];
  } finally {
    given.fill(0);
  }
};

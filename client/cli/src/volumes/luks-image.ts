// An image with LUKS2, through cryptsetup(8). Invariants: a pass phrase reaches cryptsetup through standard input alone; one is
// never changed in place, which can lose both the old and the new one, but added and then removed; the last one stays.

import { Failure } from '../failure.ts';
import { runTool, runToolDone, type ToolResult } from './run-tool.ts';

/** As many as the keep itself takes. LUKS2 has room for 32. */
const MOST_PASS_PHRASES = 8;

/** What cryptsetup reads at a prompt: somebody may have to type it there. */
export const LONGEST_PASS_PHRASE = 512;

const WRONG_PASS_PHRASE = 2;
const LINE_FEED = 10;

/** How a pass phrase is hashed: with this much memory, in MiB, or with what cryptsetup takes for this machine. */
export interface HashOptions {
  readonly hashMemory?: number;
}

const hashArguments = ({ hashMemory }: HashOptions): readonly string[] =>
  hashMemory === undefined
    ? ['--pbkdf', 'argon2id']
    : [
        '--pbkdf',
        'argon2id',
        '--pbkdf-memory',
        String(hashMemory * 1_024),
        '--pbkdf-parallel',
        '1',
        '--pbkdf-force-iterations',
        '4',
      ];

const done = ({ code, words }: ToolResult, image: string): void => {
  if (code === 0) return;
  if (code === WRONG_PASS_PHRASE) throw new Failure('refused', `The pass phrase does not open ${image}.`);
  if (words.includes('Cannot initialize device-mapper')) {
    throw new Failure('refused', 'The kernel of this machine has no device-mapper.', 'modprobe dm_crypt');
  }
  throw new Failure('refused', `cryptsetup failed with ${image}: ${words === '' ? `exit code ${code}` : words}`);
};

/** What the header says. */
export interface LuksHeader {
  readonly uuid: string;
  /** The numbers of the key slots in use, each with a pass phrase of its own. */
  readonly slots: readonly number[];
}

export const readHeader = async (image: string): Promise<LuksHeader> => {
  if ((await runTool('cryptsetup', ['isLuks', '--type', 'luks2', image])).code !== 0) {
    throw new Failure('input', `${image} is no volume: it has no LUKS2 header.`);
  }
  const uuid = (await runToolDone('cryptsetup', ['luksUUID', image])).trim();
  const metadata = JSON.parse(await runToolDone('cryptsetup', ['luksDump', '--dump-json-metadata', image]));
  return {
    uuid,
    slots: Object.keys(metadata.keyslots)
      .map(Number)
      .toSorted((one, other) => one - other),
  };
};

/** A header takes 16 MiB; cryptsetup wants twice as much room to move the content. */
export const HEADER_ROOM_BYTES = 32 * 1_048_576;

/** Encrypts the content of an image in place; the last 32 MiB of the file must be free. */
export const encryptImage = async (
  { image, label }: { readonly image: string; readonly label: string },
  passPhrase: Uint8Array,
  options: HashOptions,
): Promise<void> => {
  const how = ['--type', 'luks2', '--reduce-device-size', '32M', '--force-offline-reencrypt', '--sector-size', '4096'];
  // There is nothing yet that an interruption could lose.
  const args = ['reencrypt', '--encrypt', '--batch-mode', ...how, '--resilience', 'none', '--label', label];
  done(await runTool('cryptsetup', [...args, ...hashArguments(options), '--key-file', '-', image], passPhrase), image);
};

export const isOpenedBy = async (image: string, passPhrase: Uint8Array): Promise<boolean> => {
  const result = await runTool('cryptsetup', ['open', '--test-passphrase', '--key-file', '-', image], passPhrase);
  if (result.code === WRONG_PASS_PHRASE) return false;
  done(result, image);
  return true;
};

/** Opens it as /dev/mapper/`mapping`. */
export const openImage = async (image: string, mapping: string, passPhrase: Uint8Array): Promise<void> =>
  done(await runTool('cryptsetup', ['open', '--type', 'luks2', '--key-file', '-', image, mapping], passPhrase), image);

export const closeMapping = async (mapping: string): Promise<void> =>
  done(await runTool('cryptsetup', ['close', mapping]), mapping);

/** Adds a pass phrase, authorised by one that is there. Nothing happens if it opens the image already. */
export const addPassPhrase = async (
  image: string,
  present: Uint8Array,
  added: Uint8Array,
  options: HashOptions,
): Promise<'added' | 'there'> => {
  if (await isOpenedBy(image, added)) return 'there';
  if ((await readHeader(image)).slots.length >= MOST_PASS_PHRASES) {
    throw new Failure('refused', `${image} has ${MOST_PASS_PHRASES} pass phrases already.`, 'Remove one first.');
  }
  const lines = Buffer.allocUnsafeSlow(present.length + added.length + 2);
  lines.set(present, 0);
  lines[present.length] = LINE_FEED;
  lines.set(added, present.length + 1);
  lines[lines.length - 1] = LINE_FEED;
  try {
    done(await runTool('cryptsetup', ['luksAddKey', '--batch-mode', ...hashArguments(options), image], lines), image);
  } finally {
    lines.fill(0);
  }
  return 'added';
};

/** Refuses where nothing would be left that opens it. */
const mustKeepOne = async (image: string): Promise<readonly number[]> => {
  const { slots } = await readHeader(image);
  if (slots.length < 2)
    throw new Failure('refused', `It is the only pass phrase of ${image}, which nothing would open.`);
  return slots;
};

/** Removes the pass phrase. */
export const removePassPhrase = async (image: string, passPhrase: Uint8Array): Promise<void> => {
  await mustKeepOne(image);
  done(await runTool('cryptsetup', ['luksRemoveKey', '--batch-mode', image, '--key-file', '-'], passPhrase), image);
};

/** Removes a key slot whose pass phrase is lost; `other` is one of those that stay. */
export const removeSlot = async (image: string, slot: number, other: Uint8Array): Promise<void> => {
  if (!(await mustKeepOne(image)).includes(slot)) throw new Failure('usage', `${image} has no key slot ${slot}.`);
  // Without a pass phrase cryptsetup would ask for no proof at all.
  const args = ['luksKillSlot', '--batch-mode', image, String(slot), '--key-file', '-'];
  done(await runTool('cryptsetup', args, other), image);
};

// `chatelaine volumes create`: an ext4 file system in a file, which is then encrypted in place. That needs neither root nor a
// device. Invariant: an image has its name only when it is complete, and one that is there is never touched.

import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../failure.ts';
import { printJson, say } from '../terminal/output.ts';
import { encryptImage, HEADER_ROOM_BYTES } from './luks-image.ts';
import { readVolumePassPhrase } from './pass-phrase-input.ts';
import { runToolDone } from './run-tool.ts';
import { parseHashMemory, parseSize } from './size-option.ts';
import { ownerOf, type Volume, type VolumesOptions, volumesOf } from './volume.ts';

export interface CreateOptions extends VolumesOptions {
  readonly size: string;
  readonly tempSize: string;
  readonly hashMemory?: string;
  readonly json?: boolean;
}

const AT_ONCE_BYTES = 4 * 1_048_576;

/** A file of zeros that really has its room on the disk: a full disk is found out here, and not by the keep. */
const makeFile = async (path: string, sizeBytes: number): Promise<void> => {
  await using file = await open(path, 'wx', 0o600);
  const zeros = Buffer.alloc(AT_ONCE_BYTES);
  for (let left = sizeBytes; left > 0; left -= zeros.length) await file.writeFile(zeros.subarray(0, left));
};

const syncPath = async (path: string): Promise<void> => {
  await using file = await open(path, 'r');
  await file.sync();
};

const createImage = async (volume: Volume, sizeBytes: number, passPhrase: Buffer, options: CreateOptions) => {
  const { uid, gid } = ownerOf(volume, options);
  const unfinished = `${volume.image}.new`;
  await rm(unfinished, { force: true });
  try {
    await makeFile(unfinished, sizeBytes + HEADER_ROOM_BYTES);
    const how = [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-b',
      '4096',
      '-m',
      '0',
      '-L',
      volume.name,
      '-E',
      `root_owner=${uid}:${gid}`,
    ];
    await runToolDone('mke2fs', [...how, unfinished, `${sizeBytes / 1_024}k`]);
    const hash = options.hashMemory === undefined ? {} : { hashMemory: parseHashMemory(options.hashMemory) };
    await encryptImage({ image: unfinished, label: volume.mapping }, passPhrase, hash);
    await syncPath(unfinished);
    await rename(unfinished, volume.image);
    await syncPath(dirname(volume.image));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
};

/** Makes those that are missing. */
export const createVolumes = async (options: CreateOptions): Promise<void> => {
  const sizes = { data: parseSize(options.size, '--size'), temp: parseSize(options.tempSize, '--temp-size') };
  if (options.hashMemory !== undefined) parseHashMemory(options.hashMemory);
  const all = volumesOf(options);
  const missing = all.filter(({ image }) => !existsSync(image));
  if (missing.length === 0) throw new Failure('refused', `All volumes are there; nothing was changed.`);
  for (const volume of missing) ownerOf(volume, options);
  const [first] = missing;
  const directory = dirname(first?.image ?? '');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Failure('configuration', `${directory} cannot be made: ${(error as NodeJS.ErrnoException).code}.`);
  }
  if (process.stdin.isTTY) say('The pass phrase opens the volumes, after every start of this machine.');
  const passPhrase = await readVolumePassPhrase(true);
  try {
    for (const volume of missing) {
      await createImage(volume, volume.name === 'keep-data' ? sizes.data : sizes.temp, passPhrase, options);
      say(`${volume.image} is made.`);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC') throw new Failure('refused', `There is not enough room in ${directory}.`);
    if (code === 'EACCES' || code === 'EROFS')
      throw new Failure('configuration', `${directory} cannot be written: ${code}.`);
    throw error;
  } finally {
    passPhrase.fill(0);
  }
  if (options.json === true) await printJson(missing.map(({ name, image }) => ({ name, image })));
  else say('Open them with: chatelaine volumes open');
};

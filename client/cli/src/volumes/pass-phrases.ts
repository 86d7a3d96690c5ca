// `chatelaine volumes add-pass-phrase | remove-pass-phrase`: of all volumes, or of one. Each volume is done by itself; what was
// done before something failed stays, and the next run goes on from there.

import { existsSync } from 'node:fs';
import { Failure } from '../failure.ts';
import { confirm } from '../terminal/confirm.ts';
import { say } from '../terminal/output.ts';
import { addPassPhrase, isOpenedBy, removePassPhrase, removeSlot } from './luks-image.ts';
import { readPresentAndNew, readVolumePassPhrase } from './pass-phrase-input.ts';
import { parseHashMemory } from './size-option.ts';
import { type Volume, type VolumesOptions, volumeNames, volumesOf } from './volume.ts';

export interface PassPhraseOptions extends VolumesOptions {
  readonly volume?: string;
  readonly hashMemory?: string;
  readonly slot?: string;
  readonly yes?: boolean;
}

/** Those that are meant, and are there. */
const chosen = (options: PassPhraseOptions): readonly Volume[] => {
  const { volume: name } = options;
  const volumes = volumesOf(options).filter((volume) => name === undefined || volume.name === name);
  if (volumes.length === 0) throw new Failure('usage', `There is no such volume; known: ${volumeNames.join(', ')}.`);
  const missing = volumes.find(({ image }) => !existsSync(image));
  if (missing !== undefined) throw new Failure('input', `${missing.image} does not exist.`);
  return volumes;
};

export const addToVolumes = async (options: PassPhraseOptions): Promise<void> => {
  const volumes = chosen(options);
  const hash = options.hashMemory === undefined ? {} : { hashMemory: parseHashMemory(options.hashMemory) };
  const [present, added] = await readPresentAndNew();
  try {
    // Before anything is changed.
    for (const { image } of volumes) {
      if (!(await isOpenedBy(image, present))) throw new Failure('refused', `The pass phrase does not open ${image}.`);
    }
    for (const { name, image } of volumes) {
      const what = await addPassPhrase(image, present, added, hash);
      say(
        what === 'added' ? `${name}: the new pass phrase opens it, too.` : `${name}: it opens with that one already.`,
      );
    }
  } finally {
    present.fill(0);
    added.fill(0);
  }
};

const parseSlot = (text: string): number => {
  if (/^\d{1,2}$/.test(text) && Number(text) < 32) return Number(text);
  throw new Failure('usage', '--slot is a number that "volumes status" shows.');
};

export const removeFromVolumes = async (options: PassPhraseOptions): Promise<void> => {
  const volumes = chosen(options);
  const slot = options.slot === undefined ? undefined : parseSlot(options.slot);
  if (slot !== undefined && volumes.length > 1) {
    throw new Failure('usage', '--slot needs --volume: the same pass phrase may be in another slot elsewhere.');
  }
  // Standard input is the pass phrase's, unless it is a terminal.
  if (process.stdin.isTTY) {
    const what = slot === undefined ? 'the pass phrase that you will be asked for' : `what is in key slot ${slot}`;
    await confirm(`Remove ${what} from ${volumes.map(({ name }) => name).join(', ')}?`, options.yes === true);
    if (slot !== undefined) say('Another pass phrase, one that stays, is needed for that.');
  }
  const passPhrase = await readVolumePassPhrase(false);
  try {
    let isFound = false;
    for (const { name, image } of volumes) {
      if (slot !== undefined) await removeSlot(image, slot, passPhrase);
      else if (await isOpenedBy(image, passPhrase)) await removePassPhrase(image, passPhrase);
      else continue;
      isFound = true;
      say(`${name}: removed.`);
    }
    if (!isFound) throw new Failure('refused', 'That pass phrase opens none of them.');
  } finally {
    passPhrase.fill(0);
  }
  say('Copies of an image, or of its header, that were made before still open with it: destroy them.');
};

// How a command is told what opens a key slot: `--key-file`, `--share`, or a pass phrase from the prompt or stdin.

import { Failure } from '../failure.ts';
import { askSecret, readPassPhrase, readSecretFile, readStdin } from '../terminal/secret-input.ts';

const MAX_SHARE_BYTES = 4_096;

export interface SlotOptions {
  readonly keyFile?: string;
  /** `true`: from the prompt or stdin. */
  readonly share?: true | readonly string[];
}

/** What opens a slot. The caller wipes the parts. */
export interface GivenSecret {
  readonly kind: 'pass-phrase' | 'key-file' | 'shares';
  /** One, or the texts of shares. */
  readonly parts: readonly Buffer[];
}

/** The texts of shares, from files, else one from the prompt or stdin. */
const readShares = async (share: true | readonly string[]): Promise<readonly Buffer[]> => {
  if (share === true || share.length === 0) {
    return [
      process.stdin.isTTY
        ? await askSecret({ name: 'share', isNew: false })
        : await readStdin('The share', MAX_SHARE_BYTES),
    ];
  }
  const texts: Buffer[] = [];
  for (const file of share) texts.push(await readSecretFile(file, MAX_SHARE_BYTES));
  return texts;
};

/** Asks for what the options do not name. */
export const readSlotSecret = async ({ keyFile, share }: SlotOptions): Promise<GivenSecret> => {
  if (keyFile !== undefined && share !== undefined) {
    throw new Failure('usage', '--key-file and --share exclude each other.');
  }
  if (keyFile !== undefined) return { kind: 'key-file', parts: [await readSecretFile(keyFile)] };
  if (share !== undefined) return { kind: 'shares', parts: await readShares(share) };
  return { kind: 'pass-phrase', parts: [await readPassPhrase({ name: 'pass phrase', isNew: false })] };
};

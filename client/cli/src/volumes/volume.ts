// The encrypted volumes of an instance, each an image with LUKS2 in a file of its own: the keep's data, and the temporary files
// of the keep and the gate. The mount units in integrations/systemd name the same mappings and places.

import { dirname, join } from 'node:path';
import { type Account, AccountError, resolveAccount } from '@chatelaine/process';
import { Failure } from '../failure.ts';
import { chooseConfigFile, type GlobalOptions } from '../instance/config-file.ts';
import { readWholeConfig } from '../instance/read-config.ts';

/** Where the images are unless somebody says otherwise. */
const defaultImageDirectory = '/var/lib/chatelaine/volumes';

export const volumeNames = ['keep-data', 'keep-temp', 'gate-temp'] as const;
type VolumeName = (typeof volumeNames)[number];

/** One of them, whether it has been made or not. */
export interface Volume {
  readonly name: VolumeName;
  readonly image: string;
  /** Below /dev/mapper, and the label in its header. */
  readonly mapping: string;
  readonly mountPoint: string;
  /** Whose files it holds. */
  readonly process: 'keep' | 'gate';
}

export interface VolumesOptions extends GlobalOptions {
  readonly images?: string;
}

/** All of them, as this instance has them. */
export const volumesOf = (options: VolumesOptions): readonly Volume[] => {
  const { directory } = readWholeConfig(chooseConfigFile(options)).keep;
  const temporary = join(dirname(directory), 'temp');
  const places: Readonly<Record<VolumeName, readonly ['keep' | 'gate', string]>> = {
    'keep-data': ['keep', directory],
    'keep-temp': ['keep', join(temporary, 'keep')],
    'gate-temp': ['gate', join(temporary, 'gate')],
  };
  return volumeNames.map((name) => {
    const [process, mountPoint] = places[name];
    const image = join(options.images ?? defaultImageDirectory, `${name}.img`);
    return { name, image, mapping: `chatelaine-${name}`, mountPoint, process };
  });
};

/** The account whose files a volume holds. */
export const ownerOf = (volume: Volume, options: GlobalOptions): Account => {
  const config = readWholeConfig(chooseConfigFile(options));
  try {
    return resolveAccount({ account: config[volume.process].account, group: config.group, purpose: config.purpose });
  } catch (error) {
    if (error instanceof AccountError) throw new Failure('configuration', `${error.message}.`);
    throw error;
  }
};

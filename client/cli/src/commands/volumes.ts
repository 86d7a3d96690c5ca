// `chatelaine volumes create | open | close | status | add-pass-phrase | remove-pass-phrase`

import type { Command } from 'commander';
import type { CreateOptions } from '../volumes/create.ts';
import type { PassPhraseOptions } from '../volumes/pass-phrases.ts';
import type { VolumesOptions } from '../volumes/volume.ts';
import { action } from './action.ts';

const IMAGES = ['--images <DIR>', 'where the images are (default: /var/lib/chatelaine/volumes)'] as const;
const HASH = [
  '--hash-memory <MIB>',
  'the memory that it takes to try a pass phrase (default: what this machine does in two seconds, up to 1024)',
] as const;
const VOLUME = ['--volume <NAME>', 'only this one: keep-data, keep-temp or gate-temp'] as const;

export const registerVolumes = (program: Command): void => {
  const volumes = program
    .command('volumes')
    .description("encrypted disk images for the keep's data and the temporary files of keep and gate");
  volumes
    .command('create')
    .summary('make the images that are missing')
    .description(
      'Makes the images that are missing, with LUKS2 and ext4, which one pass phrase opens. It comes from a prompt, or from stdin. ' +
        'Images that are there are left alone.',
    )
    .option(...IMAGES)
    .option('--size <SIZE>', "room for the keep's data", '1G')
    .option('--temp-size <SIZE>', 'room for the temporary files of each process', '256M')
    .option(...HASH)
    .option('--json', 'print what was made as JSON')
    .action(action<CreateOptions>(async (options) => (await import('../volumes/create.ts')).createVolumes(options)));
  volumes
    .command('open')
    .summary('open and mount the volumes')
    .description('As root: opens the volumes and mounts them. The pass phrase comes from a prompt, or from stdin.')
    .option(...IMAGES)
    .action(action<VolumesOptions>(async (options) => (await import('../volumes/open.ts')).openVolumes(options)));
  volumes
    .command('close')
    .summary('unmount and close the volumes')
    .description('As root: unmounts the volumes and closes them. The server must be stopped.')
    .option(...IMAGES)
    .action(action<VolumesOptions>(async (options) => (await import('../volumes/open.ts')).closeVolumes(options)));
  volumes
    .command('status')
    .summary('say which volumes are open')
    .description('Says of each volume whether it is there, open and mounted. Ends with 3 unless all are mounted.')
    .option(...IMAGES)
    .option('--json', 'print JSON')
    .action(
      action<VolumesOptions & { json?: boolean }>(async (options) =>
        (await import('../volumes/status.ts')).showVolumes(options),
      ),
    );
  volumes
    .command('add-pass-phrase')
    .summary('add a pass phrase, up to 8 for each volume')
    .description(
      'Adds a pass phrase to all volumes, or to one. Asks for one that opens them, then for the new one; without a terminal these ' +
        'are the two lines of stdin.',
    )
    .option(...IMAGES)
    .option(...VOLUME)
    .option(...HASH)
    .action(
      action<PassPhraseOptions>(async (options) => (await import('../volumes/pass-phrases.ts')).addToVolumes(options)),
    );
  volumes
    .command('remove-pass-phrase')
    .summary('remove a pass phrase')
    .description(
      'Removes a pass phrase, which is asked for or comes from stdin, from all volumes that it opens, or from one. The last one of a ' +
        'volume stays.',
    )
    .option(...IMAGES)
    .option(...VOLUME)
    .option('--slot <N>', 'what is in this key slot instead, if it is lost; asks for a pass phrase that stays')
    .option('-y, --yes', 'do not ask')
    .action(
      action<PassPhraseOptions>(async (options) =>
        (await import('../volumes/pass-phrases.ts')).removeFromVolumes(options),
      ),
    );
};

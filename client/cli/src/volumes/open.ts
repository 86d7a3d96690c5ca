// `chatelaine volumes open | close`

import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../failure.ts';
import { say } from '../terminal/output.ts';
import { closeMapping, openImage, readHeader } from './luks-image.ts';
import { mappingState, mountedAt } from './mounts.ts';
import { readVolumePassPhrase } from './pass-phrase-input.ts';
import { runTool, runToolDone } from './run-tool.ts';
import { type Volume, type VolumesOptions, volumesOf } from './volume.ts';

const MOUNT_OPTIONS = 'nodev,nosuid,noexec';

const mustBeRoot = (): void => {
  if (process.geteuid?.() !== 0) throw new Failure('refused', 'Only root can open and close volumes.');
};

/** What a volume is mounted over would be hidden, and what a process writes there would not be encrypted. */
const mustBeEmpty = async (directory: string): Promise<void> => {
  if ((await readdir(directory)).length === 0) return;
  const hint = 'With everything stopped: move it away, open the volumes, and copy it there (docs/volumes.md).';
  throw new Failure('refused', `${directory} is not empty; a volume mounted there would hide what it holds.`, hint);
};

const prepareMountPoint = async (directory: string): Promise<void> => {
  await mkdir(dirname(directory), { recursive: true, mode: 0o755 });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await mustBeEmpty(directory);
};

const isMounted = ({ mapping, mountPoint }: Volume): boolean => mountedAt(mountPoint) === `/dev/mapper/${mapping}`;

const isOpen = async ({ image, mapping }: Volume): Promise<boolean> => {
  const state = mappingState(mapping, (await readHeader(image)).uuid);
  if (state === 'other') throw new Failure('refused', `/dev/mapper/${mapping} is open, but is not ${image}.`);
  return state === 'open';
};

const mount = async ({ mapping, mountPoint }: Volume): Promise<void> => {
  await prepareMountPoint(mountPoint);
  await runToolDone('mount', ['-t', 'ext4', '-o', MOUNT_OPTIONS, `/dev/mapper/${mapping}`, mountPoint]);
  await chmod(mountPoint, 0o700);
};

/** Opens and mounts those that are not. What was opened before something failed stays open; the next run goes on from there. */
export const openVolumes = async (options: VolumesOptions): Promise<void> => {
  mustBeRoot();
  const volumes = volumesOf(options);
  const missing = volumes.find(({ image }) => !existsSync(image));
  if (missing !== undefined) {
    throw new Failure('input', `${missing.image} does not exist.`, 'Make it with: chatelaine volumes create');
  }
  const closed: Volume[] = [];
  for (const volume of volumes) {
    if (!(await isOpen(volume))) closed.push(volume);
    if (!isMounted(volume)) await prepareMountPoint(volume.mountPoint);
  }
  if (closed.length > 0) {
    const passPhrase = await readVolumePassPhrase(false);
    try {
      for (const { image, mapping } of closed) await openImage(image, mapping, passPhrase);
    } finally {
      passPhrase.fill(0);
    }
  }
  for (const volume of volumes) if (!isMounted(volume)) await mount(volume);
  say('The volumes are open. Start the server with: systemctl start chatelaine.target');
};

/** Unmounts and closes those that are open. */
export const closeVolumes = async (options: VolumesOptions): Promise<void> => {
  mustBeRoot();
  for (const volume of volumesOf(options).toReversed()) {
    if (!existsSync(volume.image)) continue;
    if (isMounted(volume)) {
      const { code, words } = await runTool('umount', [volume.mountPoint]);
      const hint = 'Stop what uses it first: systemctl stop chatelaine.target';
      if (code !== 0) throw new Failure('refused', `${volume.mountPoint} cannot be unmounted: ${words}`, hint);
    }
    if (await isOpen(volume)) await closeMapping(volume.mapping);
  }
  say('The volumes are closed.');
};

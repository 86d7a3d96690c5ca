// `chatelaine volumes status`

import { statSync } from 'node:fs';
import type { ExitName } from '../exit-codes.ts';
import { formatSize } from '../terminal/moment.ts';
import { print, printJson } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';
import { readHeader } from './luks-image.ts';
import { mappingState, mountedAt } from './mounts.ts';
import { type Volume, type VolumesOptions, volumesOf } from './volume.ts';

/** `absent`: not made; `closed`; `open`: but not mounted; `mounted`; `mistaken`: its mapping is something else. */
type State = 'absent' | 'closed' | 'open' | 'mounted' | 'mistaken';

const stateOf = async ({ name, image, mapping, mountPoint }: Volume) => {
  const bytes = statSync(image, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return { name, image, state: 'absent' as State, mountPoint };
  const { uuid, slots } = await readHeader(image);
  const found = mappingState(mapping, uuid);
  const isMounted = found === 'open' && mountedAt(mountPoint) === `/dev/mapper/${mapping}`;
  const state: State = found === 'other' ? 'mistaken' : isMounted ? 'mounted' : (found ?? 'closed');
  return { name, image, state, mountPoint, bytes, uuid, slots };
};

/** Shows all; the answer is yes if all are mounted. */
export const showVolumes = async (options: VolumesOptions & { readonly json?: boolean }): Promise<ExitName> => {
  const states = await Promise.all(volumesOf(options).map(stateOf));
  if (options.json === true) await printJson(states);
  else {
    const rows = states.map(({ name, state, bytes, slots, image, mountPoint }) => [
      name,
      state,
      bytes === undefined ? '-' : formatSize(bytes),
      slots === undefined ? '-' : slots.join(' '),
      mountPoint,
      image,
    ]);
    const titles = ['VOLUME', 'STATE', 'SIZE', 'KEY SLOTS'].map((title) => ({ title }));
    const columns = [...titles, { title: 'PLACE', isFlexible: true }, { title: 'IMAGE', isFlexible: true }];
    await print(formatTable(columns, rows, terminalWidth()));
  }
  return states.every(({ state }) => state === 'mounted') ? 'done' : 'unreachable';
};

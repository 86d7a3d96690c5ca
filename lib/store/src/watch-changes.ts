// A watch is a position among the recent changes, nothing more: a slow reader costs no memory, and is told `compacted` when
// what it has not read was pushed out.

import type { RecentChanges } from './recent-changes.ts';
import type { Change, Compacted } from './store.ts';

/** Changes under `prefix` after `since`, until the signal aborts. */
export const watchChanges = async function* (
  recent: RecentChanges,
  prefix: Uint8Array,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<Change | Compacted, void, undefined> {
  const wake = () => recent.wake();
  signal.addEventListener('abort', wake);
  let position = since;
  try {
    while (!signal.aborted) {
      if (position < recent.floor || position > recent.newest) {
        position = recent.newest;
        yield { kind: 'compacted', revision: position };
        continue;
      }
      const { changes, seen } = recent.nextAfter(position, prefix);
      position = seen;
      for (const change of changes) {
        if (signal.aborted) return;
        yield change;
      }
      if (changes.length === 0) await recent.next();
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
};

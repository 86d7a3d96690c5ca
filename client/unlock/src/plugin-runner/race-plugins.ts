// All plugins at once. Invariant: the first that succeeds gives the password, and when the race is over none of them runs.

import type { RunningPlugin } from './run-plugin.ts';

/** How the race goes, for whoever tells. */
export interface RaceEvents {
  readonly failed: (plugin: string, why: string) => void;
  /** Called with the password, which is wiped afterwards, while the others may still be ending. */
  readonly won: (plugin: string, password: Uint8Array) => void;
}

/**
 * Waits until all have ended, and ends the others once one has succeeded.
 *
 * @param stop ends all of them, and there is no winner
 * @returns whether there was a winner; rejects with what `won` throws, once the others have ended
 */
export const racePlugins = async (
  plugins: readonly RunningPlugin[],
  stop: AbortSignal,
  events: RaceEvents,
): Promise<boolean> => {
  let isOver = false;
  let thrown: { readonly error: unknown } | undefined;
  const endAll = (): void => {
    for (const plugin of plugins) plugin.end();
  };
  stop.addEventListener('abort', endAll);
  const follow = async ({ name, outcome }: RunningPlugin): Promise<boolean> => {
    const ended = await outcome;
    if (ended.kind === 'failed') {
      if (!isOver && !stop.aborted) events.failed(name, ended.why);
      return false;
    }
    try {
      if (isOver || stop.aborted) return false;
      isOver = true;
      events.won(name, ended.password);
      return true;
    } catch (error) {
      thrown = { error };
      return false;
    } finally {
      ended.password.fill(0);
      endAll();
    }
  };
  const won = await Promise.all(plugins.map(follow));
  stop.removeEventListener('abort', endAll);
  if (thrown !== undefined) throw thrown.error;
  return won.includes(true);
};

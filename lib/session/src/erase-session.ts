// The end of a session. The file `session` goes first: from then on the token opens nothing, whatever happens to the rest.

import { type SafeDirectory, UnsafeDirectoryError } from './safe-directory.ts';
import { RECORD_FILE } from './session-record.ts';

const MAX_ROUNDS = 16;

/** A directory that is not as it should be holds nothing that would ever be opened. */
const openQuietly = (place: SafeDirectory, id: string): SafeDirectory | undefined => {
  try {
    return place.child(id, place.owner, false);
  } catch (error) {
    if (error instanceof UnsafeDirectoryError) return undefined;
    throw error;
  }
};

/** Overwrites and removes all files of a session, and its directory. Whether there was a session that had not ended. */
export const eraseSession = (place: SafeDirectory, id: string): boolean => {
  using directory = openQuietly(place, id);
  if (directory === undefined) return false;
  const wasThere = directory.erase(RECORD_FILE);
  // A command that runs at the same time may still put a file there, which opens nothing.
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (const name of directory.names()) directory.erase(name);
    if (place.removeDirectory(id)) break;
  }
  return wasThere;
};

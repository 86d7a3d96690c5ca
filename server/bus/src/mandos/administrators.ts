// Who may change something over the bus: root, the group that Mandos's own policy names, and this process's own account. The
// policy of the bus says the same; a policy that somebody widened does not widen this.

import { lookUpGroup } from '@chatelaine/process';
import { ObjectError } from '../objects/object-error.ts';
import { BusRefusal } from '../wire/bus-connection.ts';
import { isVariant, type WireValue } from '../wire/value.ts';

/** Asks the bus itself, as `BusConnection.askBus`. */
type AskBus = (member: string, signature: string, values: readonly WireValue[]) => Promise<readonly WireValue[]>;

const refused = (): never => {
  throw new ObjectError('AccessDenied', 'Only root and the group of Mandos administrators may change something.');
};

const credentialsOf = async (askBus: AskBus, sender: string): Promise<ReadonlyMap<string, WireValue>> => {
  try {
    const [pairs] = await askBus('GetConnectionCredentials', 's', [sender]);
    return new Map(
      (pairs as readonly (readonly [string, WireValue])[]).map(([name, value]) => [
        name,
        isVariant(value) ? value.value : value,
      ]),
    );
  } catch (error) {
    // It is gone already.
    if (error instanceof BusRefusal) return new Map();
    throw error;
  }
};

/**
 * Makes the check of a caller, which throws `ObjectError` unless it may change something.
 *
 * @param group the name of the group; one that does not exist has no members
 */
export const administratorCheck =
  (askBus: AskBus, group: string) =>
  async (sender: string): Promise<void> => {
    const credentials = await credentialsOf(askBus, sender);
    const uid = credentials.get('UnixUserID');
    if (uid === undefined) return refused();
    if (uid === 0 || uid === process.geteuid?.()) return;
    const gid = lookUpGroup(group);
    const gids = credentials.get('UnixGroupIDs');
    if (gid === undefined || !Array.isArray(gids) || !gids.includes(gid)) return refused();
  };

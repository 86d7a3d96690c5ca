// The name that Mandos's tools look for. It is held only while there is something to show: a tool that finds it gone says that
// there is no server, which is the truth.

import { BusError } from '../wire/authenticate.ts';
import { type BusConnection, BusRefusal } from '../wire/bus-connection.ts';

const NAME = 'se.recompile.Mandos';

const DO_NOT_QUEUE = 4;
const PRIMARY_OWNER = 1;
const ALREADY_OWNER = 4;

/** Takes the name. Throws {@link BusError} if somebody else has it, or if the bus does not allow it to this account. */
export const takeName = async (connection: BusConnection): Promise<void> => {
  try {
    const [outcome] = await connection.askBus('RequestName', 'su', [NAME, DO_NOT_QUEUE]);
    if (outcome === PRIMARY_OWNER || outcome === ALREADY_OWNER) return;
  } catch (error) {
    if (!(error instanceof BusRefusal)) throw error;
    throw new BusError(
      `the bus does not let this account have the name ${NAME}: its policy is in integrations/dbus (${error.message})`,
    );
  }
  throw new BusError(`the name ${NAME} is taken on the bus: another server of Mandos runs; stop it first`);
};

/** Gives the name back. */
export const releaseName = async (connection: BusConnection): Promise<void> => {
  await connection.askBus('ReleaseName', 's', [NAME]);
};

// A session keyring of a test file's own, gone with its process. To be imported before anything that starts a thread.

import * as keyctl from '../keyctl.ts';
import { Keyring } from '../keyring.ts';

/** Joins a new session, which processes that are started afterwards share. */
export const joinOwnSession = (): Keyring => new Keyring(keyctl.joinSessionKeyring());

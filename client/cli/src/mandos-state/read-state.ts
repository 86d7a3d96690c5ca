// The saved state of a Mandos server, `clients.pickle`: how its machines were when it stopped, and how clients.conf had them
// when it started. Whatever is not as the server writes it refuses the whole file.

import * as z from 'zod';
import { Moment, type Pickled, Span } from './pickled-values.ts';
import { PickleError, unpickle } from './unpickle.ts';

const span = z.instanceof(Span).transform(({ ms }) => ms);
const moment = z
  .instanceof(Moment)
  .nullable()
  .transform((value) => value?.unixMs);

const settings = z.object({
  host: z.string(),
  checker_command: z.string(),
  key_id: z.string().default(''),
  fingerprint: z.string().default(''),
  enabled: z.boolean(),
  timeout: span,
  extended_timeout: span,
  interval: span,
  approval_delay: span,
  approval_duration: span,
  approved_by_default: z.boolean(),
});

const saved = settings.extend({
  encrypted_secret: z.instanceof(Uint8Array),
  expires: moment,
  last_checked_ok: moment,
  last_checker_status: z.number().nullable(),
});

/** Settings of a machine under the names of clients.conf. */
export type MandosSettings = z.infer<typeof settings>;
/** A machine as it was when the server stopped. */
export type SavedClient = z.infer<typeof saved>;

export interface MandosState {
  readonly clients: ReadonlyMap<string, SavedClient>;
  /** What clients.conf said when the server started. */
  readonly configured: ReadonlyMap<string, MandosSettings>;
}

/** The bytes are not the state of a Mandos server. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

const read = (bytes: Uint8Array): Pickled => {
  try {
    return unpickle(bytes);
  } catch (error) {
    if (error instanceof PickleError) throw new StateError(error.message);
    throw error;
  }
};

const readEach = <T>(value: Pickled | undefined, schema: z.ZodType<T>, what: string): Map<string, T> => {
  if (!(value instanceof Map)) throw new StateError(`${what} are missing`);
  const all = new Map<string, T>();
  for (const [name, entry] of value) {
    const parsed = schema.safeParse(entry instanceof Map ? Object.fromEntries(entry) : entry);
    if (typeof name !== 'string') throw new StateError(`${what} have a name that is no text`);
    if (!parsed.success) throw new StateError(`${what}, [${name}]: ${parsed.error.issues[0]?.path.join('.')} is wrong`);
    all.set(name, parsed.data);
  }
  return all;
};

/** Reads the bytes of a `clients.pickle`. Throws {@link StateError}. */
export const readState = (bytes: Uint8Array): MandosState => {
  const whole = read(bytes);
  if (!Array.isArray(whole) || whole.length !== 2) throw new StateError('is not the state of a Mandos server');
  return {
    clients: readEach(whole[0], saved, 'the saved clients'),
    configured: readEach(whole[1], settings, 'the configured clients'),
  };
};

// The values that a saved state of Mandos is made of, and how those are made that Python makes by a call.

/** A span of time, `datetime.timedelta`. */
export class Span {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/** A moment, `datetime.datetime` without a zone, which in this file is UTC. */
export class Moment {
  readonly unixMs: number;

  constructor(unixMs: number) {
    this.unixMs = unixMs;
  }
}

/** What a pickle of the state holds. Tuples and lists are both arrays. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Span
  | Moment
  | readonly Pickled[]
  | ReadonlyMap<Pickled, Pickled>;

/** A name that may be called, standing on the stack until REDUCE. */
export class Callable {
  readonly make: (args: readonly Pickled[]) => Pickled | undefined;

  constructor(make: (args: readonly Pickled[]) => Pickled | undefined) {
    this.make = make;
  }
}

const isNumbers = (args: readonly Pickled[]): args is readonly number[] => args.every((arg) => typeof arg === 'number');

const makeSpan = (args: readonly Pickled[]): Span | undefined => {
  if (args.length !== 3 || !isNumbers(args)) return undefined;
  const [days = 0, seconds = 0, microseconds = 0] = args;
  return new Span((days * 86_400 + seconds) * 1_000 + Math.floor(microseconds / 1_000));
};

/** Ten bytes: the year in two, month, day, hour, minute, second, microseconds in three; the high ones first. */
const makeMoment = (args: readonly Pickled[]): Moment | undefined => {
  const [bytes] = args;
  if (args.length !== 1 || !(bytes instanceof Uint8Array) || bytes.length !== 10) return undefined;
  const view = Buffer.from(bytes);
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = view.subarray(2, 7);
  const ms = Math.floor(view.readUIntBE(7, 3) / 1_000);
  return new Moment(Date.UTC(view.readUInt16BE(0), month - 1, day, hour, minute, second, ms));
};

/** `_codecs.encode(text, 'latin1')` is how protocol 2 writes bytes. */
const makeBytes = (args: readonly Pickled[]): Uint8Array | undefined => {
  const [text, encoding] = args;
  if (args.length !== 2 || typeof text !== 'string' || encoding !== 'latin1') return undefined;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return undefined;
  return Uint8Array.from(Buffer.from(text, 'latin1'));
};

const makeNoBytes = (args: readonly Pickled[]): Uint8Array | undefined =>
  args.length === 0 ? new Uint8Array() : undefined;

/** Everything that may be called, by module and name; each checks what it is called with. */
export const callables: ReadonlyMap<string, Callable> = new Map([
  ['datetime timedelta', new Callable(makeSpan)],
  ['datetime datetime', new Callable(makeMoment)],
  ['_codecs encode', new Callable(makeBytes)],
  ['__builtin__ bytes', new Callable(makeNoBytes)],
]);

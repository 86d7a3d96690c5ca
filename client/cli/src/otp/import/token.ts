// A credential as a file of another system has it, and what is wrong in such a file, place by place.

/** Where something stands: `line 3`, or `key package 2 (key 12345678)`. */
export interface Fault {
  readonly where: string;
  /** In words, never with a secret. */
  readonly message: string;
}

/** A credential, not yet anybody's. */
export interface Token {
  readonly where: string;
  readonly kind: 'totp' | 'hotp';
  /** Whose it is, as the file says; absent: nobody's yet. */
  readonly owner?: string;
  /** By these it can be given to a user: account, serial number, id of the key. */
  readonly ids: readonly string[];
  /** What it shall be called. */
  readonly name: string;
  /** To be wiped by whoever asked for it. */
  readonly seed: Buffer;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: number;
  /** Of codes by time. */
  readonly periodSeconds: number;
  /** Of codes by counter: the next one. */
  readonly counter: number;
}

/** What a file holds. With any fault, nothing of it is taken over. */
export interface ReadTokens {
  readonly tokens: readonly Token[];
  readonly faults: readonly Fault[];
  /** What people have to know, though it is no fault. */
  readonly notes: readonly string[];
}

/** Something in a file is wrong; the reader of the file adds where. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** Zeroes every seed. */
export const wipeTokens = ({ tokens }: ReadTokens): void => {
  for (const { seed } of tokens) seed.fill(0);
};

/** A name for a credential out of what the file calls it. */
export const nameFrom = (text: string): string => {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');
  return name === '' ? 'default' : name;
};

const [SHORTEST_SEED, LONGEST_SEED] = [16, 64];

/** Checks what every credential has to be; throws {@link TokenError}. */
export const checkToken = <T extends Pick<Token, 'seed' | 'digits' | 'periodSeconds' | 'counter'>>(token: T): T => {
  const { seed, digits, periodSeconds, counter } = token;
  const isWhole = (value: number, least: number, most: number): boolean =>
    Number.isSafeInteger(value) && value >= least && value <= most;
  if (seed.length < SHORTEST_SEED || seed.length > LONGEST_SEED) {
    throw new TokenError(`its seed has ${seed.length} bytes, not ${SHORTEST_SEED} to ${LONGEST_SEED}`);
  }
  if (!isWhole(digits, 6, 8)) throw new TokenError('its codes have not 6 to 8 digits');
  if (!isWhole(periodSeconds, 10, 300)) throw new TokenError('its period is not 10 to 300 seconds');
  if (!isWhole(counter, 0, 2 ** 52)) throw new TokenError('its counter is out of range');
  return token;
};

// Which kind of credential a command is about.

import { Failure } from '../failure.ts';

export type Kind = 'totp' | 'hotp' | 'yubikey';

export interface KindOptions {
  readonly totp?: boolean;
  readonly hotp?: boolean;
  readonly yubikey?: boolean;
}

/** A credential as a person names it; that of a YubiKey is its public id. */
export interface Named {
  readonly kind: Kind;
  readonly user: string;
  readonly credential: string;
}

/** The kind that was named. */
export const kindOf = (options: KindOptions): Kind => {
  const named = (['totp', 'hotp', 'yubikey'] as const).filter((kind) => options[kind] === true);
  const [kind] = named;
  if (kind === undefined || named.length > 1) throw new Failure('usage', 'Name one of --totp, --hotp and --yubikey.');
  return kind;
};

/** The credential that was named; the only one of a kind is called `default`. */
export const namedOf = (user: string, credential: string, options: KindOptions): Named => {
  const kind = kindOf(options);
  if (kind === 'yubikey' && credential === '') throw new Failure('usage', 'Name the public id of the YubiKey.');
  return { kind, user, credential: credential === '' ? 'default' : credential };
};

/** In the place of a user: nobody, as of a YubiKey that was brought along without one. No user has that name. */
export const NOBODY = '-';

/** The user that an operation on a YubiKey is asked about. */
export const holderOf = (user: string): { readonly user?: string } => (user === NOBODY ? {} : { user });

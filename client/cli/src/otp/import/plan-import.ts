// Whose each credential of a file will be and what it will be called, or what speaks against it. Pure.

import { users } from '@chatelaine/contract';
import type { ListedCredential } from '../list-credentials.ts';
import type { Fault, ReadTokens, Token } from './token.ts';

const MOST_OF_A_KIND = 8;

/** A credential that is taken over. */
export type Planned = Token & { readonly user: string };

export interface ImportPlan {
  readonly planned: readonly Planned[];
  readonly faults: readonly Fault[];
}

/** What is there already. */
export interface House {
  readonly users: ReadonlySet<string>;
  readonly credentials: readonly ListedCredential[];
}

/** Who gets what: a user by an id of the file. Reads lines `ID USER`; every line that is wrong is named. */
export const parseUserMap = (
  text: string,
): { readonly byId: ReadonlyMap<string, string>; readonly faults: readonly Fault[] } => {
  const byId = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, id, user] = /^\s*(\S.*?)\s+(\S+)\s*$/.exec(line) ?? [];
    const where = `line ${at + 1} of the users`;
    if (id === undefined || user === undefined) faults.push({ where, message: 'it is not an id, a blank and a user' });
    else if (byId.has(id)) faults.push({ where, message: 'that id stands there twice' });
    else byId.set(id, user);
  }
  return { byId, faults };
};

class Objections {
  readonly #house: House;
  readonly #seen = new Map<string, string>();
  readonly #taken: ReadonlySet<string>;
  readonly #counts = new Map<string, Set<string>>();

  constructor(house: House) {
    this.#house = house;
    this.#taken = new Set(
      house.credentials.filter(({ state }) => state !== 'unconfirmed').map((one) => this.#nameOf(one)),
    );
    for (const { kind, user, credential } of house.credentials) this.#count(kind, user, credential);
  }

  #nameOf({ kind, user, credential }: Pick<ListedCredential, 'kind' | 'user' | 'credential'>): string {
    return `${kind} ${user} ${credential}`;
  }

  #count(kind: string, user: string, credential: string): number {
    const names = this.#counts.get(`${kind} ${user}`) ?? new Set();
    this.#counts.set(`${kind} ${user}`, names.add(credential));
    return names.size;
  }

  #isSeen(what: string, where: string): string | undefined {
    const before = this.#seen.get(what);
    this.#seen.set(what, before ?? where);
    return before;
  }

  /** Why it cannot be taken over. */
  to({ kind, user, name, seed, ids, where }: Planned): string | undefined {
    if (!this.#house.users.has(user)) return `there is no user ${user}; chatelaine user add makes one`;
    const named = { kind, user, credential: name };
    if (this.#taken.has(this.#nameOf(named))) return `${user} has a credential ${name} of that kind already`;
    const sameName = this.#isSeen(`name ${this.#nameOf(named)}`, where);
    if (sameName !== undefined) return `it would be called ${name}, like that of ${user} in ${sameName}`;
    const sameSeed = this.#isSeen(`seed ${kind} ${seed.toString('base64')}`, where);
    if (sameSeed !== undefined) return `it has the same seed as ${sameSeed}`;
    const sameId = ids[0] === undefined ? undefined : this.#isSeen(`id ${kind} ${ids[0]} ${name}`, where);
    if (sameId !== undefined) return `it has the same id as ${sameId}`;
    if (this.#count(kind, user, name) > MOST_OF_A_KIND)
      return `${user} would have more than ${MOST_OF_A_KIND} of a kind`;
    return undefined;
  }
}

const userOf = ({ owner, ids }: Token, byId: ReadonlyMap<string, string>): { user: string } | { fault: string } => {
  const id = ids.find((each) => byId.has(each));
  const named = id === undefined ? owner : byId.get(id);
  if (named === undefined) return { fault: 'it says nobody whose it is; --users gives it to somebody' };
  const parsed = users.userNameSchema.safeParse(named);
  return parsed.success
    ? { user: parsed.data }
    : { fault: 'whose it is is no name of a user; --users gives it to one' };
};

/** Plans the import of everything that was read. */
export const planImport = (
  { tokens, faults: found }: ReadTokens,
  byId: ReadonlyMap<string, string>,
  house: House,
): ImportPlan => {
  const planned: Planned[] = [];
  const faults = [...found];
  const objections = new Objections(house);
  for (const token of tokens) {
    const whose = userOf(token, byId);
    if ('fault' in whose) {
      faults.push({ where: token.where, message: whose.fault });
      continue;
    }
    const one = { ...token, user: whose.user };
    const objection = objections.to(one);
    if (objection === undefined) planned.push(one);
    else faults.push({ where: token.where, message: objection });
  }
  return { planned, faults };
};

// The mask of a key: one byte each for the possessor, the owner, the group and all others. keyrings(7), "Access rights"

/** The bits of one byte. */
export const permission = {
  view: 0x01,
  read: 0x02,
  write: 0x04,
  search: 0x08,
  link: 0x10,
  setattr: 0x20,
  all: 0x3f,
} as const;

/** What the kernel gives a new key of the types `user` and `keyring`: all to the possessor, its names to the uid. */
export const DEFAULT_MASK = 0x3f01_0000;
/** All to the possessor, nothing to anybody else, not even the name. */
export const POSSESSOR_ONLY_MASK = 0x3f00_0000;
/** It can be found, read and invalidated by a possessor: not changed, prolonged, linked elsewhere or given another mask. */
export const FROZEN_MASK = 0x0b00_0000;

/** Masks may have these bits only. */
const KNOWN_BITS = 0x3f3f_3f3f;

/** Who a byte of the mask is for. */
export interface Permissions {
  readonly possessor: number;
  readonly user: number;
  readonly group: number;
  readonly other: number;
}

/** Puts four bytes together. Throws a RangeError for bits that do not exist. */
export const makeMask = ({ possessor = 0, user = 0, group = 0, other = 0 }: Partial<Permissions>): number => {
  for (const bits of [possessor, user, group, other]) {
    if (!Number.isInteger(bits) || bits < 0 || bits > permission.all) throw new RangeError('a permission has six bits');
  }
  return possessor * 0x100_0000 + user * 0x1_0000 + group * 0x100 + other;
};

/** Throws a RangeError unless it is a mask the kernel knows. */
export const checkMask = (mask: number): number => {
  if (!Number.isInteger(mask) || mask < 0 || mask > KNOWN_BITS || (mask & ~KNOWN_BITS) !== 0) {
    throw new RangeError('the mask has bits that no permission stands for');
  }
  return mask;
};

/** Takes a mask apart. */
export const readMask = (mask: number): Permissions => ({
  possessor: (mask >>> 24) & 0x3f,
  user: (mask >>> 16) & 0x3f,
  group: (mask >>> 8) & 0x3f,
  other: mask & 0x3f,
});

const letters = [
  ['a', permission.setattr],
  ['l', permission.link],
  ['s', permission.search],
  ['w', permission.write],
  ['r', permission.read],
  ['v', permission.view],
] as const;

/** As the `keyctl` command prints it: 24 characters, such as `alswrv-----v------------`. */
export const formatMask = (mask: number): string => {
  const { possessor, user, group, other } = readMask(mask);
  return [possessor, user, group, other]
    .flatMap((bits) => letters.map(([letter, bit]) => ((bits & bit) === 0 ? '-' : letter)))
    .join('');
};

// Which network interfaces there are, which are good for reaching a server, and whether they are up. netdevice(7), and the kernel's
// Documentation/ABI/testing/sysfs-class-net

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Interface flags of <linux/if.h>. */
export const interfaceFlag = {
  up: 1 << 0,
  broadcast: 1 << 1,
  loopback: 1 << 3,
  pointToPoint: 1 << 4,
  noArp: 1 << 7,
} as const;

const SYSFS = '/sys/class/net';
/** IFNAMSIZ, with the NUL. */
const MAX_NAME = 15;

const readAttribute = (name: string, attribute: string): string | undefined => {
  try {
    return readFileSync(path.join(SYSFS, name, attribute), 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** Its flags; `undefined` if there is no such interface. */
export const readFlags = (name: string): number | undefined => {
  if (name.length > MAX_NAME || name.includes('/') || name === '' || name.startsWith('.')) return undefined;
  const text = readAttribute(name, 'flags');
  return text === undefined ? undefined : Number(text);
};

/** What mandos-client would use if nobody named any. */
const isSuitable = (flags: number, mayBePointToPoint: boolean): boolean => {
  const { broadcast, loopback, pointToPoint, noArp } = interfaceFlag;
  if ((flags & (loopback | noArp)) !== 0 || (flags & broadcast) === 0) return false;
  return mayBePointToPoint || (flags & pointToPoint) === 0;
};

/** The names of all that are suitable, in order. */
export const suitableInterfaces = (mayBePointToPoint: boolean): readonly string[] => {
  let names: readonly string[];
  try {
    names = readdirSync(SYSFS);
  } catch {
    return [];
  }
  return names.filter((name) => isSuitable(readFlags(name) ?? 0, mayBePointToPoint)).toSorted();
};

/** Whether something can be sent over it; drivers that do not say count as ready. */
export const isReady = (name: string): boolean => {
  const isUp = ((readFlags(name) ?? 0) & interfaceFlag.up) !== 0;
  return isUp && ['up', 'unknown'].includes(readAttribute(name, 'operstate') ?? '');
};

// What the kernel says of mappings and mounts. proc(5), Documentation/ABI/testing/sysfs-block-dm

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** `uuid`: it is the volume with that UUID; `other`: something else has the name; absent: nothing has it. */
export const mappingState = (mapping: string, uuid: string, sysfs = '/sys/block'): 'open' | 'other' | undefined => {
  if (!existsSync(sysfs)) return undefined;
  const device = readdirSync(sysfs).find((name) => read(join(sysfs, name, 'dm/name')) === mapping);
  if (device === undefined) return undefined;
  const known = read(join(sysfs, device, 'dm/uuid')) ?? '';
  return known.startsWith(`CRYPT-LUKS2-${uuid.replaceAll('-', '')}-`) ? 'open' : 'other';
};

const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** What is mounted there last, such as `/dev/mapper/chatelaine-keep-data`; absent if nothing is. */
export const mountedAt = (directory: string, mounts = read('/proc/self/mounts') ?? ''): string | undefined =>
  mounts
    .split('\n')
    .map((line) => line.split(' ').map(unescaped))
    .findLast(([, place]) => place === directory)?.[0];

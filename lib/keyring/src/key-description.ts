// What the kernel tells of a key. Invariant: a description is split at the first four semicolons only. The manual says that a
// description holds none, but those of user keys may. keyctl_describe(3)

import { checkMask } from './permissions.ts';

/** A key as the kernel describes it. */
export interface KeyDescription {
  readonly type: string;
  readonly uid: number;
  readonly gid: number;
  /** See {@link import('./permissions.ts').readMask}. */
  readonly mask: number;
  /** Bytes: nothing says that it is UTF-8. */
  readonly description: Buffer;
}

const SEMICOLON = 0x3b;

/** Reads `type;uid;gid;mask;description`. */
export const parseDescription = (text: Buffer): KeyDescription => {
  const fields: string[] = [];
  let start = 0;
  while (fields.length < 4) {
    const end = text.indexOf(SEMICOLON, start);
    if (end < 0) throw new Error('the kernel described a key in a form that is not known');
    fields.push(text.toString('latin1', start, end));
    start = end + 1;
  }
  const [type = '', uid, gid, mask = ''] = fields;
  return {
    type,
    uid: Number(uid),
    gid: Number(gid),
    mask: checkMask(Number.parseInt(mask, 16)),
    description: Buffer.from(text.subarray(start)),
  };
};

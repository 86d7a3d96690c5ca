// `user:realm:` and MD5 of the three: a line of Apache's digest authentication. RFC 7616, 3.4.2 (A1); htdigest(1).

import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { digestOf } from '../digest.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { text } from '../option-types.ts';
import { refuse } from '../refuse.ts';

const form = /^([^:\n]+):([^:\n]*):([0-9a-f]{32})$/;

const part = text.pipe(z.string().regex(/^[^:\n\0]+$/, 'must be a text without colons and line breaks'));

const digest = (username: string, realm: string, plain: Uint8Array): Buffer =>
  digestOf('md5', Buffer.from(`${username}:${realm}:`), plain);

/** A line for htdigest's file. */
export const htdigest = defineFormat({
  name: 'htdigest',
  summary: 'A line of htdigest, USERNAME:REALM:HASH: HTTP digest authentication. Options: username, realm.',
  options: z.object({ username: part, realm: part }),
  derive: async ({ plain, options: { username, realm } }) => ({
    kind: 'derived',
    value: Buffer.from(`${username}:${realm}:${digest(username, realm, plain).toString('hex')}`),
  }),
  async verify(plain, stored) {
    const [, username = '', realm = '', hash] = form.exec(Buffer.from(stored).toString()) ?? [];
    if (hash === undefined) return refuse('not-this-format', 'This is no line of htdigest.');
    return { kind: areEqualBytes(digest(username, realm, plain), Buffer.from(hash, 'hex')) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => form.test(Buffer.from(stored).toString()),
});

// What a password is known by.

import * as z from 'zod';

const MAX_KEY_BYTES = 1_024;
const MAX_KEY_SEGMENTS = 24;

const encoder = new TextEncoder();

/** The name of a password, as in `mail/postmaster`; its segments are what grants go by. An empty segment is one, too. */
export const passwordKeySchema = z
  .string()
  .min(1, 'must not be empty')
  .refine((key) => encoder.encode(key).length <= MAX_KEY_BYTES, `must be at most ${MAX_KEY_BYTES} bytes`)
  .refine(
    (key) => key.split('/').length <= MAX_KEY_SEGMENTS,
    `must be at most ${MAX_KEY_SEGMENTS} segments joined by "/"`,
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  .refine((key) => key.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(key), 'must be text without control characters')
  .describe(`at most ${MAX_KEY_BYTES} bytes; segments are joined by \`/\``);

/** The name of a format. What was imported may have names that no format has. */
export const formatNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, 'must be 1 to 32 letters, digits, "_" and "-"')
  .describe('`plain`, or one of those in docs/password-formats.md');

/** Part of a value, where a format has parts. */
export const renderSchema = z
  .string()
  .regex(/^[a-z]{1,32}$/, 'must be 1 to 32 lower-case letters')
  .optional()
  .describe('a part of the value, such as `pubonly` of an `sshkey`; absent: the whole');

/** The most bytes of one value. */
export const MAX_VALUE_BYTES = 131_072;

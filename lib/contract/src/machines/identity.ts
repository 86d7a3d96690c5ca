// What a machine is known by.

import * as z from 'zod';

const encoder = new TextEncoder();

/** A machine's name. */
export const machineNameSchema = z
  .string()
  .refine((name) => {
    const segments = name.split('/');
    return (
      name.isWellFormed() &&
      segments.length <= 8 &&
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
      segments.every((part) => part !== '' && encoder.encode(part).length <= 255 && !/[\u0000-\u001f\u007f]/.test(part))
    );
  }, 'must be 1 to 8 segments joined by "/", each of 1 to 255 bytes and without control characters')
  .describe('1 to 8 segments joined by `/`, each of 1 to 255 bytes and without control characters');

/** What a machine's TLS key is known by. */
export const keyIdSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .refine(
    (keyId) => keyId !== 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'is the SHA-256 of nothing, which a faulty client version used for every machine; make a new TLS key',
  )
  .describe("SHA-256 of the DER SubjectPublicKeyInfo of the machine's TLS key");

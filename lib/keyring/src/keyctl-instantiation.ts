// The operations of a request-key program, which makes a key that the kernel was asked for. Everybody else is refused.
// keyctl_instantiate(3), keyctl_assume_authority(3), request-key(8)

import { checkBytes, checkId, checkUnsigned } from './argument-checks.ts';
import { putWord, WORD_BYTES } from './native-words.ts';
import { answered, systemCalls } from './system-call.ts';

const operation = { instantiate: 12, negate: 13, assumeAuthority: 16, reject: 19, instantiateParts: 20 } as const;

const KEYRING_ARGUMENT = 'the id of a keyring';
const MAX_PARTS = 1_024;
const MAX_ERRNO = 4_095;

/** Takes the authority to make the key; 0 gives it back. */
export const assumeAuthority = (id: number): number =>
  answered('assume_authority', systemCalls().numbers(operation.assumeAuthority, checkId(id)));

/** Gives the key its payload, and links it to `keyring` (0 for nowhere). The caller wipes `payload`. */
export const instantiate = (id: number, payload: Uint8Array | null, keyring = 0): void => {
  if (payload !== null) checkBytes(payload, 'the payload');
  const into = checkId(keyring, KEYRING_ARGUMENT);
  const size = payload?.length ?? 0;
  answered('instantiate', systemCalls().idBuffer(operation.instantiate, checkId(id), payload, size, into));
};

/** As {@link instantiate}, of a payload in parts. */
export const instantiateParts = (id: number, parts: readonly Uint8Array[], keyring = 0): void => {
  checkUnsigned(parts.length, 'the number of parts', MAX_PARTS);
  const vector = Buffer.alloc(Math.max(1, parts.length) * 2 * WORD_BYTES);
  for (const [index, part] of parts.entries()) {
    checkBytes(part, 'a part of the payload');
    putWord(vector, index * 2 * WORD_BYTES, systemCalls().address(part));
    putWord(vector, (index * 2 + 1) * WORD_BYTES, BigInt(part.length));
  }
  const into = checkId(keyring, KEYRING_ARGUMENT);
  const { instantiateParts: number } = operation;
  answered('instantiate_iov', systemCalls().idBuffer(number, checkId(id), vector, parts.length, into));
};

/** Says for so many seconds that there is no such key. */
export const negate = (id: number, seconds: number, keyring = 0): void => {
  const after = checkUnsigned(seconds, 'the timeout in seconds');
  const into = checkId(keyring, KEYRING_ARGUMENT);
  answered('negate', systemCalls().numbers(operation.negate, checkId(id), after, into));
};

/** As {@link negate}, with an error of one's choice. */
export const reject = (id: number, seconds: number, errno: number, keyring = 0): void => {
  const after = checkUnsigned(seconds, 'the timeout in seconds');
  const error = checkUnsigned(errno, 'the error', MAX_ERRNO);
  const into = checkId(keyring, KEYRING_ARGUMENT);
  answered('reject', systemCalls().numbers(operation.reject, checkId(id), after, error, into));
};

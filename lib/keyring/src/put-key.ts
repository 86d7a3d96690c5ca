// add_key, without a word to those who remember what they found: who calls it knows whether anything new came of it. add_key(2)

import { checkBytes, checkDescription, checkId, checkType, type KernelText } from './argument-checks.ts';
import { handOver } from './secret-buffer.ts';
import { answered, systemCalls } from './system-call.ts';

/** As `keyctl.addKey`. */
export const putKey = (
  type: KernelText,
  description: KernelText,
  payload: Uint8Array | null,
  keyring: number,
): number => {
  const [kind, name] = [checkType(type), checkDescription(description)];
  const into = checkId(keyring, 'the id of a keyring');
  const { addKey } = systemCalls();
  if (payload === null) return answered('add_key', addKey(kind, name, null, 0, into));
  const size = checkBytes(payload, 'the payload').length;
  return answered(
    'add_key',
    handOver(payload, (bytes) => addKey(kind, name, bytes, size, into)),
  );
};

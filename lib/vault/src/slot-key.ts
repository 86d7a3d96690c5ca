// What opens the box of a key slot. At first it is sealed with a key that comes straight from the slot's secret. A new root
// key finds no secrets at hand: it is sealed to the slot's public key, which comes from the same secret and lies in the store
// wrapped, so that only who opened the vault ever sees it. docs/formats/vault.md, "Key slots".

import { AGREEMENT_BYTES, agree, keyedHashInto, publicKeyOf, SecretBytes } from '@chatelaine/secret';
import { KEY_BYTES } from './root-key.ts';

const RECIPIENT_DOMAIN = Buffer.from('chatelaine slot recipient\0', 'ascii');
const AGREED_DOMAIN = Buffer.from('chatelaine slot agreed\0', 'ascii');

const recipientSecret = (slotKey: Uint8Array): SecretBytes => {
  const secret = SecretBytes.allocate(AGREEMENT_BYTES);
  keyedHashInto(secret.bytes, slotKey, [RECIPIENT_DOMAIN]);
  return secret;
};

/** The public key of a slot. */
export const slotRecipient = (slotKey: Uint8Array): Buffer => {
  using secret = recipientSecret(slotKey);
  return publicKeyOf(secret.bytes);
};

const agreedKey = (shared: SecretBytes, ephemeral: Uint8Array, recipient: Uint8Array): SecretBytes => {
  const key = SecretBytes.allocate(KEY_BYTES);
  keyedHashInto(key.bytes, shared.bytes, [AGREED_DOMAIN, ephemeral, recipient]);
  return key;
};

/** The key that a box sealed to the slot opens with; undefined for an ephemeral key that cannot be. The caller releases. */
export const keyAsRecipient = (slotKey: Uint8Array, ephemeral: Uint8Array): SecretBytes | undefined => {
  using secret = recipientSecret(slotKey);
  using shared = agree(secret.bytes, ephemeral);
  return shared && agreedKey(shared, ephemeral, publicKeyOf(secret.bytes));
};

/** A key to seal to a slot with, and the public half that goes with the box. The caller releases the key and `ephemeralSecret`. */
export const keyForRecipient = (
  recipient: Uint8Array,
  ephemeralSecret: SecretBytes,
): { readonly key: SecretBytes; readonly ephemeral: Buffer } | undefined => {
  const ephemeral = publicKeyOf(ephemeralSecret.bytes);
  using shared = agree(ephemeralSecret.bytes, recipient);
  return shared && { key: agreedKey(shared, ephemeral, recipient), ephemeral };
};

// `chatelaine keyring status`: where secrets go, and whether they can be read.

import { findSession, PasswordStore } from '@chatelaine/keyring';
import { fingerprintOf, probeKernelAbility, publicKeyIn, SealedStore } from '@chatelaine/keyring/sealed';
import type { ExitName } from '../exit-codes.ts';
import { print, printJson } from '../terminal/output.ts';
import { chosenParent, isSealed, type KeyringOptions } from './keyring-options.ts';
import { readMaterialFile } from './material-file.ts';
import { refusing } from './refusals.ts';

export interface StatusOptions extends KeyringOptions {
  readonly json?: boolean;
}

const sessionWords = {
  session: 'there, shared by all processes of this login',
  none: 'none: secrets are kept only with --parent user or persistent',
  revoked: 'revoked, as at a logout',
} as const;

const sealedFacts = (options: KeyringOptions) => {
  const material = readMaterialFile();
  if (material === undefined) return { state: 'absent' as const, entries: 0 };
  const pin = fingerprintOf(publicKeyIn(material));
  const store = new SealedStore({ parent: chosenParent(options), pin });
  return { state: store.state(), entries: store.descriptions().length, fingerprint: pin };
};

/** Boxes are made and opened here; the kernel keeps the key while it is unlocked. Says what the kernel could do beyond that. */
const openingWords = (): string => {
  const ability = probeKernelAbility();
  return ability.kind === 'none'
    ? `in user space: this kernel holds no private keys (${ability.code})`
    : 'in user space, though this kernel could hold private keys of RSA';
};

export const showStatus = (options: StatusOptions): Promise<ExitName> =>
  refusing(async () => {
    const session = findSession().kind;
    const plain = new PasswordStore({ parent: chosenParent(options) });
    const sealed = sealedFacts(options);
    const opening = openingWords();
    const entries = plain.descriptions().length;
    if (options.json === true)
      await printJson({ session, plain: { exists: plain.exists(), entries }, sealed, opening });
    else {
      await print(
        `session keyring   ${sessionWords[session]}\n` +
          `without a lock    ${plain.exists() ? `entries: ${entries}` : 'not there yet'}\n` +
          `with a lock       ${sealed.state === 'absent' ? 'not there yet' : `${sealed.state}, entries: ${sealed.entries}`}\n` +
          `sealed secrets    opened ${opening}\n`,
      );
    }
    return isSealed(options) && sealed.state !== 'unlocked' ? 'unreachable' : 'done';
  });

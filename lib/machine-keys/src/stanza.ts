// A machine as a section of clients.conf, as mandos-keygen prints it. mandos-clients.conf(5)

const COLUMNS = 64;

/** What stands in it. */
export interface StanzaValues {
  readonly name: string;
  /** Default: the name. */
  readonly host?: string;
  readonly keyId: string;
  readonly fingerprint?: string | undefined;
  /** The OpenPGP message. */
  readonly secret: Uint8Array;
}

/** The text, with a line end. */
export const formatStanza = ({ name, host = name, keyId, fingerprint, secret }: StanzaValues): string => {
  const lines = Buffer.from(secret)
    .toString('base64')
    .replaceAll(new RegExp(`.{1,${COLUMNS}}`, 'g'), '    $&\n');
  const known = fingerprint === undefined ? '' : `fingerprint = ${fingerprint}\n`;
  return `[${name}]\nhost = ${host}\nkey_id = ${keyId}\n${known}secret =\n${lines}`;
};

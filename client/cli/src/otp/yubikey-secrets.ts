// What is programmed into YubiKeys: ids in modhex, the lines of a key file as ykksm-gen-keys(1) writes them, and how the stock programs
// are called. Secrets never stand in a command: they are asked for.

import { randomBytes } from 'node:crypto';

const MODHEX = 'cbdefghijklnrtuv';

/** Hexadecimal digits in the letters that lie on the same keys everywhere. */
export const toModhex = (hex: string): string =>
  [...hex].map((digit) => MODHEX[Number.parseInt(digit, 16)] ?? '').join('');

/** An id as people give them to keys that they program themselves. */
export const newPublicId = (): string => `vv${toModhex(randomBytes(5).toString('hex'))}`;

/** The id that goes with a serial number. */
export const publicIdOf = (serial: number): string => toModhex(serial.toString(16).padStart(12, '0'));

export const KEY_FILE_HEAD = '# ykksm 1\n# serialNr,publicName,internalName,aesKey,lockCode,created,accessed\n';
export const KEY_FILE_END = '# the end\n';

/** One line of a key file, with new secrets; the time is UTC. */
export const newKeyLine = (serial: number, nowUnixMs: number): string => {
  const secrets = [6, 16, 6].map((sizeBytes) => {
    const bytes = randomBytes(sizeBytes);
    const hex = bytes.toString('hex');
    bytes.fill(0);
    return hex;
  });
  const created = new Date(nowUnixMs).toISOString().slice(0, 19);
  return `${[serial, publicIdOf(serial), ...secrets, created, ''].join(',')}\n`;
};

/** How slot 1 of a key is programmed: ykman(1) asks for private id and AES key, ykpersonalize(1) for the AES key. */
export const programmingLines = (publicId: string): readonly string[] => [
  `ykman otp yubiotp 1 --public-id ${publicId}`,
  `ykpersonalize -1 -ofixed=${publicId} -ouid=PRIVATE-ID -a`,
];

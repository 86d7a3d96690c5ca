// Values go to stdout as they are, with a line end unless they have one. They never become strings, but for JSON, in base64.

import { writeSecret } from '../keyring/write-secret.ts';
import { printJson } from '../terminal/output.ts';

const LINE_FEED = 10;

export interface Shown {
  readonly key: string;
  readonly format: string;
  readonly value: Uint8Array;
}

/** Prints a value and wipes it. False: whoever reads did not take all of it. */
export const printValue = async ({ key, format, value }: Shown, asJson: boolean): Promise<boolean> => {
  try {
    if (asJson) {
      await printJson({
        key,
        format,
        value: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64'),
      });
      return true;
    }
    return writeSecret(value) && (value.at(-1) === LINE_FEED || writeSecret(Buffer.of(LINE_FEED)));
  } finally {
    value.fill(0);
  }
};

// The table of encrypted volumes, as systemd reads it: a name, a source, a key file, options. crypttab(5)

/** One line of it. */
export interface CrypttabEntry {
  readonly volume: string;
  readonly source: string;
  /** `-` or `none` for none. */
  readonly keyFile: string;
  /** With commas; empty for none. */
  readonly options: string;
}

/** The line of a volume; `undefined` if there is none. */
export const findCrypttabEntry = (text: string, volume: string): CrypttabEntry | undefined => {
  for (const line of text.split('\n')) {
    const [name = '', source = '', keyFile = '-', options = ''] = line.trim().split(/\s+/);
    if (name === volume && source !== '' && !name.startsWith('#')) return { volume, source, keyFile, options };
  }
  return undefined;
};

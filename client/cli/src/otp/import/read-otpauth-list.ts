// A list of otpauth URIs, one a line; empty lines and those that begin with `#` are left out.

import { isMigrationUri, parseMigrationUri } from './parse-migration-uri.ts';
import { parseOtpauthUri } from './parse-otpauth-uri.ts';
import { type Fault, type ReadTokens, type Token, TokenError } from './token.ts';

const readLine = (line: string, where: string): readonly Token[] => {
  if (!isMigrationUri(line)) return [{ where, ...parseOtpauthUri(line) }];
  return parseMigrationUri(line).map((account, at) => ({ where: `${where}, account ${at + 1}`, ...account }));
};

/** Reads a whole list; every line that is wrong is named. */
export const readOtpauthList = (file: Buffer): ReadTokens => {
  const tokens: Token[] = [];
  const faults: Fault[] = [];
  for (const [at, text] of file.toString('utf8').split('\n').entries()) {
    const line = text.trim();
    const where = `line ${at + 1}`;
    if (line === '' || line.startsWith('#')) continue;
    try {
      tokens.push(...readLine(line, where));
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      faults.push({ where, message: error.message });
    }
  }
  return { tokens, faults, notes: [] };
};

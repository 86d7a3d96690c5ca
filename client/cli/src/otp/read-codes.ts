// Codes that somebody types or pipes in. Never an argument: whoever lists processes could use it first.

import { readPassPhrase } from '../terminal/secret-input.ts';

/** One code from the prompt, or from stdin. */
export const readCode = async (): Promise<string> => {
  const bytes = await readPassPhrase({ name: 'code', isNew: false });
  const text = bytes.toString('latin1').trim();
  bytes.fill(0);
  return text;
};

/** So many consecutive codes from the prompt, or all that stdin has, a line each. */
export const readCodes = async (count: number): Promise<string[]> => {
  if (!process.stdin.isTTY) return (await readCode()).split(/\s*\n\s*/);
  const codes: string[] = [];
  while (codes.length < count) codes.push(await readCode());
  return codes;
};

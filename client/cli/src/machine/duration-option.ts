// Durations as people type them: everything that clients.conf takes (`PT5M`, `5m 30s`), and `5m30s` in one word.

import { parseDuration } from '../clients-conf/duration.ts';
import { Failure } from '../failure.ts';

/** Milliseconds; `option` is named in the error, such as `--timeout`. */
export const parseDurationOption = (text: string, option: string): number => {
  const ms = parseDuration(text.trim()) ?? parseDuration(text.trim().replace(/(?<=[smhdw])(?=\d)/g, ' '));
  if (ms !== undefined && text.trim() !== '') return ms;
  throw new Failure('usage', `${option} is not a duration.`, 'Write it like PT5M, P1DT12H, 5m or "1h 30m".');
};

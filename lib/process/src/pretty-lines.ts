// JSON log lines as lines for people at a terminal: time, level, process, words, then the facts.

import { stripVTControlCharacters, styleText } from 'node:util';
import type { DestinationStream } from 'pino';

const styles = { error: 'red', warn: 'yellow', info: 'green', debug: 'gray' } as const;

// A fact may come from a peer: it must not move the cursor, change the terminal's state or look like another entry.
const harmless = (text: string): string => stripVTControlCharacters(text).replace(/\p{Cc}/gu, '?');

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const factText = (name: string, value: unknown): string => {
  if (isRecord(value) && typeof value['stack'] === 'string') {
    const { stack, message, name: kind, ...rest } = value;
    const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    const frames = String(stack)
      .split('\n')
      .map((frame) => `\n    ${harmless(frame)}`);
    return `${harmless(`${name}=${kind}: ${message}${more}`)}${frames.join('')}`;
  }
  return harmless(`${name}=${typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`);
};

/** One entry as a line for people. */
export const prettyLine = (json: string): string => {
  const { level, time, process: name, pid: _, msg, ...facts } = JSON.parse(json) as Record<string, unknown>;
  const known = typeof level === 'string' && level in styles ? (level as keyof typeof styles) : 'info';
  const clock = typeof time === 'string' ? time.slice(11, 23) : '';
  const mark = styleText(styles[known], String(level).padEnd(5), { validateStream: false });
  const words = [clock, mark, harmless(`${name}:`), harmless(String(msg ?? ''))].join(' ');
  const told = Object.entries(facts).map(([fact, value]) => factText(fact, value));
  return `${[words, ...told].join(' ')}\n`;
};

/** Passes entries on as lines for people. */
export const prettyLines = (to: DestinationStream): DestinationStream => ({
  write: (json) => to.write(prettyLine(json)),
});

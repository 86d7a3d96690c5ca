// `chatelaine password list | search | show`: what there is, never a value.

import { type Client, passwords } from '@chatelaine/contract';
import type { ExitName } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment, formatSpan } from '../terminal/moment.ts';
import { JsonArrayPrinter, print, printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { Progress } from '../terminal/progress.ts';
import { type Column, formatTable, terminalWidth } from '../terminal/table.ts';
import { eachKeyPage } from './each-key.ts';

type Listing = GlobalOptions & { readonly json?: boolean };
type View = passwords.PasswordKeyView;

const columns: readonly Column[] = [
  { title: 'KEY', isFlexible: true },
  { title: 'FORMATS', isFlexible: true },
  { title: 'CHANGED' },
  { title: 'EXPIRES' },
];

const rowOf = ({ key, formats, changedAtUnixMs, expiresAtUnixMs }: View): readonly string[] => [
  key,
  formats.join(' '),
  formatMoment(changedAtUnixMs),
  expiresAtUnixMs === undefined ? '-' : formatMoment(expiresAtUnixMs),
];

export const listPasswords = (glob: string | undefined, options: Listing): Promise<void> =>
  askKeep(options, async (client) => {
    const array = new JsonArrayPrinter();
    const progress = new Progress();
    const rows: (readonly string[])[] = [];
    for await (const page of eachKeyPage(client, glob ?? '**')) {
      if (options.json === true) await array.add(page);
      else rows.push(...page.map(rowOf));
      progress.show(() => `${rows.length} keys`);
    }
    progress.end();
    if (options.json === true) return await array.end();
    if (rows.length === 0) return say(glob === undefined ? 'There are no passwords.' : 'No key matches.');
    rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
    await print(formatTable(columns, rows, terminalWidth()));
  });

const patternOf = (text: string): RegExp => {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw new Failure('usage', 'The pattern is no regular expression of JavaScript.');
  }
};

const matching = async (client: Client, pattern: RegExp): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const page of eachKeyPage(client, '**')) {
    found.push(...page.map(({ key }) => key).filter((key) => pattern.test(key)));
  }
  return found.sort();
};

export const searchPasswords = (text: string, options: Listing): Promise<ExitName> =>
  askKeep(options, async (client) => {
    const found = await matching(client, patternOf(text));
    if (options.json === true) await printJson(found);
    else await print(found.map((key) => `${printable(key)}\n`).join(''));
    return found.length === 0 ? 'refused' : 'done';
  });

const lifeOf = ({ expiresAtUnixMs, periodSeconds }: View): string => {
  if (expiresAtUnixMs === undefined) return 'does not expire';
  const again = periodSeconds === undefined ? '' : `, ${formatSpan(periodSeconds * 1_000)} from each change on`;
  return `${formatMoment(expiresAtUnixMs)}${again}`;
};

const showingOf = ({ hashOnly, beingShownTo, shown }: View): string => {
  if (shown !== undefined) return `to ${shown.to}, ${formatMoment(shown.atUnixMs)}; destroyed`;
  if (beingShownTo !== undefined) return `to ${beingShownTo}, who did not acknowledge it yet`;
  return hashOnly ? 'once only, not yet' : 'to whoever may have it';
};

export const showPassword = (key: string, options: Listing): Promise<void> =>
  askKeep(options, async (client) => {
    const view = answerOf(await client.call(passwords.show, { key }), key);
    if (options.json === true) return await printJson(view);
    const lines: readonly (readonly [string, string])[] = [
      ['key', view.key],
      ['formats', view.formats.join(', ') || 'none'],
      ['made', formatMoment(view.createdAtUnixMs)],
      ['changed', formatMoment(view.changedAtUnixMs)],
      ['expires', lifeOf(view)],
      ['shown', showingOf(view)],
      ...view.versions.map(
        ({ number, replacedAtUnixMs, untilUnixMs, formats }) =>
          [
            `version ${number}`,
            `${formats.join(', ')}; replaced ${formatMoment(replacedAtUnixMs)}, kept until ${formatMoment(untilUnixMs)}`,
          ] as const,
      ),
    ];
    await print(lines.map(([name, text]) => `${`${name}:`.padEnd(12)} ${printable(text)}\n`).join(''));
  });

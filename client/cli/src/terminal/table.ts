// A table for people: columns as wide as their content, cut to the terminal where they may be cut.

import { type Colour, hasColours, paint } from './colour.ts';
import { displayWidth, printable, shortened } from './printable.ts';

export interface Column {
  readonly title: string;
  /** May be shortened if the terminal is too narrow. */
  readonly isFlexible?: boolean;
  /** The colour of a cell on a terminal that shows colours. */
  readonly colour?: (cell: string) => Colour | undefined;
}

const GAP = 2;
const NARROWEST = 8;

const fit = (widths: number[], columns: readonly Column[], available: number): void => {
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - available;
  while (excess > 0) {
    let widest = -1;
    columns.forEach((column, at) => {
      const width = widths[at] ?? 0;
      if (column.isFlexible === true && width > NARROWEST && width > (widths[widest] ?? 0)) widest = at;
    });
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
};

/**
 * Lays rows out under their titles.
 *
 * @param terminalWidth columns of the terminal; absent for a file or pipe, where nothing is cut
 * @returns lines with their ends
 */
export const formatTable = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminalWidth?: number,
): string => {
  const safeRows = rows.map((row) => row.map(printable));
  const widths = columns.map(({ title }) => displayWidth(title));
  for (const row of safeRows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, displayWidth(cell));
    });
  }
  if (terminalWidth !== undefined) fit(widths, columns, terminalWidth);
  const isColoured = terminalWidth !== undefined && hasColours();
  const line = (cells: readonly string[], isTitle: boolean): string => {
    const padded = cells.map((cell, at) => {
      const width = widths[at] ?? 0;
      const text = terminalWidth === undefined ? cell : shortened(cell, width);
      const painted = isTitle ? text : paint(text, columns[at]?.colour?.(cell), isColoured);
      return painted + ' '.repeat(Math.max(0, width - displayWidth(text)));
    });
    return `${padded.join(' '.repeat(GAP)).trimEnd()}\n`;
  };
  const titles = columns.map(({ title }) => title);
  return [line(titles, true), ...safeRows.map((row) => line(row, false))].join('');
};

/** Columns of the terminal that stdout is, if it is one. */
export const terminalWidth = (): number | undefined => (process.stdout.isTTY ? process.stdout.columns : undefined);

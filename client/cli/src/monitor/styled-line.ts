// One line of the screen, made of pieces of which each has a width and perhaps a colour.

import { type Colour, paint } from '../terminal/colour.ts';
import { displayWidth, printable, shortened } from '../terminal/printable.ts';

export interface Piece {
  readonly text: string;
  /** Columns; the text is shortened or filled up to it. Absent: as wide as it is. */
  readonly width?: number;
  readonly colour?: Colour | undefined;
}

const fitted = ({ text, width }: Piece): string => {
  const safe = printable(text);
  if (width === undefined) return safe;
  const short = shortened(safe, width);
  return short + ' '.repeat(Math.max(0, width - displayWidth(short)));
};

/** How a line is marked as a whole. */
export type Mark = 'plain' | 'selected' | 'heading';

const REVERSED = '\u001b[7m';
const BOLD = '\u001b[1m';
const NORMAL = '\u001b[0m';

/** Joins the pieces with a space between, exactly `columns` wide. A selected line is reversed and has no other colour. */
export const styledLine = (pieces: readonly Piece[], columns: number, mark: Mark, hasColours: boolean): string => {
  let left = columns;
  const shown: string[] = [];
  for (const [at, piece] of pieces.entries()) {
    const gap = at === 0 ? 0 : 1;
    if (left <= gap) break;
    const text = shortened(fitted(piece), left - gap);
    left -= gap + displayWidth(text);
    shown.push(paint(text, piece.colour, hasColours && mark === 'plain'));
  }
  const line = shown.join(' ') + ' '.repeat(left);
  if (mark === 'selected') return `${REVERSED}${line}${NORMAL}`;
  return mark === 'heading' ? `${BOLD}${line}${NORMAL}` : line;
};

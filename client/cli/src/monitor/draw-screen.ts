// Draws the screen of the monitor: exactly as many lines as the terminal has, of which only the machines that fit are
// looked at. Pure, so that a screen can be compared with what it should be.

import type { machines } from '@chatelaine/contract';
import { describeWaiting } from '../approval/pending.ts';
import { colourOfState, formatAgo, stateOf, timeLeftMs } from '../machine/machine-state.ts';
import type { Colour } from '../terminal/colour.ts';
import { formatRoughSpan } from '../terminal/moment.ts';
import type { Fleet } from './fleet.ts';
import { helpLines } from './help.ts';
import type { LastDecision } from './last-decisions.ts';
import { type Mark, type Piece, styledLine } from './styled-line.ts';
import { selectedIndex, type ViewState } from './view-state.ts';

/** One thing that happened. */
export interface LogLine {
  readonly atUnixMs: number;
  readonly text: string;
  readonly colour?: Colour;
}

export interface Picture {
  readonly fleet: Fleet;
  readonly order: readonly string[];
  readonly view: ViewState;
  readonly pending: readonly machines.PendingRequest[];
  readonly decisionOf: (name: string) => LastDecision | undefined;
  readonly log: readonly LogLine[];
  readonly connection: { readonly isUp: boolean; readonly text: string };
  /** A word about the last key; takes the place of the help line. */
  readonly word: string | undefined;
  readonly nowUnixMs: number;
  readonly terminal: {
    readonly columns: number;
    readonly rows: number;
    readonly hasColours: boolean;
    readonly isUnicode: boolean;
  };
}

const MOST_PENDING = 5;
const LOG_LINES = 4;
const BAR_WIDTH = 10;

interface Layout {
  readonly machines: number;
  readonly pending: number;
  readonly log: number;
}

/** How many lines each part gets; title, headings and the last line always have theirs. */
const layOut = ({ terminal, pending }: Pick<Picture, 'terminal' | 'pending'>): Layout => {
  const fixed = 3;
  const free = Math.max(1, terminal.rows - fixed);
  const log = free >= 12 ? LOG_LINES + 1 : 0;
  const wanted = pending.length === 0 ? 0 : Math.min(MOST_PENDING, pending.length) + 1;
  const waiting = free - log >= wanted + 4 ? wanted : 0;
  return { machines: free - log - waiting, pending: waiting, log };
};

/** Rows of machines that fit. */
export const machineRows = (picture: Pick<Picture, 'terminal' | 'pending'>): number => layOut(picture).machines;

const decisionText = (decision: LastDecision | undefined, nowUnixMs: number): string => {
  if (decision === undefined) return '-';
  const why = decision.code === undefined ? '' : ` ${decision.code}`;
  return `${decision.decision}${why} ${formatAgo(decision.atUnixMs, nowUnixMs)}`;
};

/** How much of its time is left, as a bar. After a release there may be more than the timeout: then it is full. */
const barOf = (machine: machines.MachineView, { nowUnixMs, terminal }: Picture): string => {
  const leftMs = timeLeftMs(machine, nowUnixMs);
  if (leftMs === undefined) return ' '.repeat(BAR_WIDTH);
  const part = Math.min(1, leftMs / Math.max(1, machine.settings.timeoutMs));
  const full = leftMs === 0 ? 0 : Math.max(1, Math.round(part * BAR_WIDTH));
  const [on, off] = terminal.isUnicode ? ['█', '░'] : ['#', '.'];
  return on.repeat(full) + off.repeat(BAR_WIDTH - full);
};

const lineOf = (picture: Picture, pieces: readonly Piece[], mark: Mark = 'plain'): string =>
  styledLine(pieces, picture.terminal.columns, mark, picture.terminal.hasColours);

/** Columns of all but name and host, and of the gaps between. */
const OTHER_COLUMNS = 73;
const HOST_COLUMNS = 15;

/** Columns of the name: what the others leave, within reason. */
const nameWidth = ({ terminal }: Picture): number =>
  Math.max(16, Math.min(40, terminal.columns - OTHER_COLUMNS - HOST_COLUMNS));

const titleLine = (picture: Picture): string => {
  const { fleet, pending, connection, view } = picture;
  const { all, enabled, disabled, expired } = fleet.counts;
  const { sortBy, isReversed, state, filter } = view.ordering;
  const counts = `${all} machines, ${enabled} enabled, ${disabled} disabled, ${expired} expired, ${pending.length} waiting`;
  const order = `by ${sortBy}${isReversed ? ', reversed' : ''}${state === undefined ? '' : `, only ${state}`}`;
  const found = filter === '' ? '' : `"${filter}": ${picture.order.length} found`;
  const name = connection.isUp ? 'chatelaine' : connection.text;
  const parts = [name, counts, order, found, connection.isUp ? connection.text : ''];
  return lineOf(picture, [{ text: parts.filter((part) => part !== '').join('  ') }], 'heading');
};

const headingLine = (picture: Picture): string =>
  lineOf(
    picture,
    [
      { text: 'NAME', width: nameWidth(picture) },
      { text: 'STATE', width: 8 },
      { text: 'LEFT', width: BAR_WIDTH + 8 },
      { text: 'ALIVE', width: 12 },
      { text: 'LAST DECISION', width: 30 },
      { text: 'HOST' },
    ],
    'heading',
  );

const machineLine = (picture: Picture, name: string, isSelected: boolean): string => {
  const { fleet, nowUnixMs, decisionOf } = picture;
  const machine = fleet.get(name);
  if (machine === undefined) return lineOf(picture, [{ text: name }]);
  const state = stateOf(machine);
  const colour = colourOfState(state);
  const leftMs = timeLeftMs(machine, nowUnixMs);
  const left = leftMs === undefined ? '' : formatRoughSpan(leftMs);
  const decision = decisionOf(name);
  return lineOf(
    picture,
    [
      { text: machine.name, width: nameWidth(picture) },
      { text: state, width: 8, colour },
      { text: barOf(machine, picture), width: BAR_WIDTH, colour },
      { text: left, width: 7 },
      { text: formatAgo(machine.lastCheckedOkAtUnixMs, nowUnixMs), width: 12 },
      {
        text: decisionText(decision, nowUnixMs),
        width: 30,
        colour: decision?.decision === 'refused' ? 'bad' : undefined,
      },
      { text: machine.settings.host },
    ],
    isSelected ? 'selected' : 'plain',
  );
};

const pendingLines = (picture: Picture, count: number): string[] => {
  if (count === 0) return [];
  const shown = picture.pending.slice(0, count - 1);
  const more = picture.pending.length - shown.length;
  const title = `WAITING FOR A PERSON${more > 0 ? ` (${more} more)` : ''}`;
  return [
    lineOf(picture, [{ text: title }], 'heading'),
    ...shown.map((request) =>
      lineOf(picture, [
        { text: request.requestId.slice(0, 8) },
        { text: request.name, width: Math.min(30, nameWidth(picture)), colour: 'attention' },
        { text: `from ${request.address}`, width: 24 },
        {
          text: `${formatRoughSpan(request.untilUnixMs - picture.nowUnixMs)}, then ${request.releasedAtEnd ? 'released' : 'refused'}`,
          width: 22,
        },
        { text: describeWaiting(request) },
      ]),
    ),
  ];
};

const clockText = (atUnixMs: number): string => new Date(atUnixMs).toTimeString().slice(0, 8);

const logLines = (picture: Picture, count: number): string[] => {
  if (count === 0) return [];
  const recent = picture.log.slice(-(count - 1));
  const lines = recent.map(({ atUnixMs, text, colour }) =>
    lineOf(picture, [{ text: clockText(atUnixMs) }, { text, colour }]),
  );
  const blank = Array.from({ length: count - 1 - lines.length }, () => lineOf(picture, []));
  return [lineOf(picture, [{ text: 'WHAT HAPPENED' }], 'heading'), ...lines, ...blank];
};

const KEYS =
  'Tab next waiting  a approve  d deny  e enable  x cut off  c check  v vouch  / find  s sort  f state  ? help  q quit';

const lastLine = (picture: Picture): string => {
  const { mode, ordering } = picture.view;
  if (mode.kind === 'ask') return lineOf(picture, [{ text: `${mode.question} [y/N]` }], 'selected');
  if (mode.kind === 'filter') return lineOf(picture, [{ text: `find: ${ordering.filter}_` }], 'selected');
  if (picture.word !== undefined) return lineOf(picture, [{ text: picture.word, colour: 'attention' }]);
  return lineOf(picture, [{ text: ordering.filter === '' ? KEYS : `Esc shows all  ${KEYS}` }]);
};

const bodyOf = (picture: Picture, rows: number): string[] => {
  const { view, order } = picture;
  const selected = selectedIndex(view, order);
  const lines = order
    .slice(view.top, view.top + rows)
    .map((name, at) => machineLine(picture, name, view.top + at === selected));
  if (order.length === 0)
    lines.push(lineOf(picture, [{ text: picture.fleet.counts.all === 0 ? 'No machines.' : 'None of the machines.' }]));
  while (lines.length < rows) lines.push(lineOf(picture, []));
  return lines.slice(0, rows);
};

/** The whole screen, a line each. */
export const drawScreen = (picture: Picture): readonly string[] => {
  const { rows } = picture.terminal;
  if (picture.view.mode.kind === 'help') {
    const help = helpLines.map((text) => lineOf(picture, [{ text }]));
    while (help.length < rows) help.push(lineOf(picture, []));
    return help.slice(0, rows);
  }
  const layout = layOut(picture);
  return [
    titleLine(picture),
    headingLine(picture),
    ...bodyOf(picture, layout.machines),
    ...pendingLines(picture, layout.pending),
    ...logLines(picture, layout.log),
    lastLine(picture),
  ].slice(0, rows);
};

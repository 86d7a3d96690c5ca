// What the person at the monitor looks at, and what a key does to it. Pure: a state and a key give the next state, and
// perhaps something to do.

import { machineStates } from '../machine/machine-states.ts';
import type { Key } from './decode-keys.ts';
import { type Ordering, sortKeys } from './order-machines.ts';

/** Something to ask the keep for. */
export type Command =
  | { readonly kind: 'enable' | 'disable' | 'check' | 'vouch'; readonly name: string }
  | { readonly kind: 'decide'; readonly name: string; readonly requestId: string; readonly approve: boolean };

type Mode =
  | { readonly kind: 'list' }
  | { readonly kind: 'filter' }
  | { readonly kind: 'help' }
  | { readonly kind: 'ask'; readonly question: string; readonly command: Command };

export interface ViewState {
  readonly mode: Mode;
  readonly ordering: Ordering;
  /** The name of the selected machine; absent until somebody chose one. */
  readonly selected: string | undefined;
  /** The place of the first row that is shown. */
  readonly top: number;
}

export const firstView: ViewState = {
  mode: { kind: 'list' },
  ordering: { sortBy: 'name', isReversed: false, filter: '', state: undefined },
  selected: undefined,
  top: 0,
};

/** What a key may depend on. */
export interface Surroundings {
  readonly order: readonly string[];
  /** Rows of machines that fit on the screen. */
  readonly rows: number;
  /** The request of a machine that waits longest, if one does. */
  readonly requestOf: (name: string) => { readonly requestId: string; readonly address: string } | undefined;
  /** Names of machines that wait. */
  readonly waiting: ReadonlySet<string>;
}

export interface Pressed {
  readonly view: ViewState;
  readonly command?: Command;
  readonly ends?: boolean;
  /** A word to the person about why nothing happens. */
  readonly word?: string;
}

/** The place of the selected machine; the first if none is, or it is not shown. */
export const selectedIndex = ({ selected }: ViewState, order: readonly string[]): number =>
  Math.max(0, selected === undefined ? 0 : order.indexOf(selected));

/** The same view with its rows moved so that the selected one is among them. */
export const scrolled = (view: ViewState, order: readonly string[], rows: number): ViewState => {
  const at = selectedIndex(view, order);
  const lowest = Math.max(0, Math.min(view.top, order.length - rows));
  const top = at < lowest ? at : at >= lowest + rows ? at - rows + 1 : lowest;
  return { ...view, top };
};

const moveTo = (view: ViewState, { order, rows }: Surroundings, index: number): Pressed => {
  const selected = order[Math.max(0, Math.min(order.length - 1, index))];
  return { view: scrolled({ ...view, selected }, order, rows) };
};

const next = <T>(all: readonly T[], present: T): T | undefined => all[(all.indexOf(present) + 1) % all.length];

const stateFilters = [undefined, ...machineStates];

const nextWaiting = (view: ViewState, around: Surroundings): Pressed => {
  const { order, waiting } = around;
  const from = selectedIndex(view, order) + 1;
  const after = order.findIndex((name, at) => at >= from && waiting.has(name));
  const index = after >= 0 ? after : order.findIndex((name) => waiting.has(name));
  if (index < 0) return { view, word: 'No machine that is shown waits for a person.' };
  return moveTo(view, around, index);
};

const ask = (view: ViewState, question: string, command: Command): Pressed => ({
  view: { ...view, mode: { kind: 'ask', question, command } },
});

const aboutSelected = (view: ViewState, key: Key, around: Surroundings): Pressed | undefined => {
  const name = around.order[selectedIndex(view, around.order)];
  if (name === undefined) return undefined;
  if (key === 'e') return ask(view, `Let ${name} have its secret again?`, { kind: 'enable', name });
  if (key === 'x') return ask(view, `Cut ${name} off?`, { kind: 'disable', name });
  if (key === 'v') return ask(view, `Do you know that ${name} is alive?`, { kind: 'vouch', name });
  if (key === 'c') return { view, command: { kind: 'check', name } };
  if (key !== 'a' && key !== 'd') return undefined;
  const request = around.requestOf(name);
  if (request === undefined) return { view, word: `${name} does not wait; Tab goes to the next machine that does.` };
  const { requestId, address } = request;
  const approve = key === 'a';
  const question = `${approve ? 'Approve' : 'Deny'} the request of ${name} from ${address}?`;
  return ask(view, question, { kind: 'decide', name, requestId, approve });
};

const moves: Readonly<Record<string, (at: number, rows: number, count: number) => number>> = {
  up: (at) => at - 1,
  k: (at) => at - 1,
  down: (at) => at + 1,
  j: (at) => at + 1,
  'page-up': (at, rows) => at - rows,
  'page-down': (at, rows) => at + rows,
  ' ': (at, rows) => at + rows,
  home: () => 0,
  g: () => 0,
  end: (_at, _rows, count) => count - 1,
  G: (_at, _rows, count) => count - 1,
};

const pressInList = (view: ViewState, key: Key, around: Surroundings): Pressed => {
  const { ordering } = view;
  const reordered = (change: Partial<Ordering>): Pressed => ({
    view: { ...view, ordering: { ...ordering, ...change } },
  });
  const move = Object.hasOwn(moves, key) ? moves[key] : undefined;
  if (move !== undefined) {
    return moveTo(view, around, move(selectedIndex(view, around.order), around.rows, around.order.length));
  }
  if (key === 'q' || key === 'interrupt') return { view, ends: true };
  if (key === '?' || key === 'h') return { view: { ...view, mode: { kind: 'help' } } };
  if (key === '/') return { view: { ...view, mode: { kind: 'filter' } } };
  if (key === 'escape') return reordered({ filter: '', state: undefined });
  if (key === 's') return reordered({ sortBy: next(sortKeys, ordering.sortBy) ?? 'name' });
  if (key === 'r') return reordered({ isReversed: !ordering.isReversed });
  if (key === 'f') return reordered({ state: next(stateFilters, ordering.state) });
  if (key === 'tab') return nextWaiting(view, around);
  return aboutSelected(view, key, around) ?? { view };
};

const pressInFilter = (view: ViewState, key: Key): Pressed => {
  const { filter } = view.ordering;
  const written = (text: string): Pressed => ({ view: { ...view, ordering: { ...view.ordering, filter: text } } });
  const list = { ...view, mode: { kind: 'list' } } as const;
  if (key === 'interrupt') return { view, ends: true };
  if (key === 'enter' || key === 'up' || key === 'down') return { view: list };
  if (key === 'escape') return { view: { ...list, ordering: { ...view.ordering, filter: '' } } };
  if (key === 'clear') return written('');
  if (key === 'backspace') return written([...filter].slice(0, -1).join(''));
  return [...key].length === 1 ? written(filter + key) : { view };
};

/** What a key does. */
export const pressKey = (view: ViewState, key: Key, around: Surroundings): Pressed => {
  const list = { ...view, mode: { kind: 'list' } } as const;
  switch (view.mode.kind) {
    case 'filter':
      return pressInFilter(view, key);
    case 'help':
      return key === 'interrupt' ? { view, ends: true } : { view: list };
    case 'ask':
      if (key === 'interrupt') return { view, ends: true };
      return key === 'y' || key === 'Y'
        ? { view: list, command: view.mode.command }
        : { view: list, word: 'Not done.' };
    default:
      return pressInList(view, key, around);
  }
};

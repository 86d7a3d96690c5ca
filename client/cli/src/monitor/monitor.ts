// `chatelaine monitor`: a screen of all machines. It draws at most twenty times a second, whatever happens, and looks only
// at the machines that are on the screen.

import { once } from 'node:events';
import { type Client, machines } from '@chatelaine/contract';
import type { SignerOptions } from '../approval/choose-signer.ts';
import { decideWith } from '../approval/decide.ts';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { hasColours } from '../terminal/colour.ts';
import { say } from '../terminal/output.ts';
import { carryOut } from './carry-out.ts';
import type { Key } from './decode-keys.ts';
import { drawScreen, machineRows, type Picture } from './draw-screen.ts';
import { followMachines } from './follow-machines.ts';
import { KnownMachines } from './known-machines.ts';
import { orderMachines } from './order-machines.ts';
import { TerminalScreen } from './terminal-screen.ts';
import { type Command, firstView, pressKey, scrolled, type ViewState } from './view-state.ts';

const FRAME_MS = 50;
const TICK_MS = 1_000;

export type MonitorOptions = GlobalOptions & SignerOptions;

const isUnicode = (): boolean => {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
};

/** Whether a decision takes somebody who is named, not just an administrator. */
const needsPerson = ({ required, codeOf, codeGivenBy }: machines.PendingRequest, approve: boolean): boolean =>
  required !== undefined || (approve && codeOf !== undefined && codeGivenBy === undefined);

class Monitor {
  readonly #client: Client;
  readonly #options: MonitorOptions;
  readonly #stop = new AbortController();
  readonly #known: KnownMachines;
  readonly #screen: TerminalScreen;
  readonly #hasColours = hasColours();
  readonly #isUnicode = isUnicode();
  #view: ViewState = firstView;
  #word: string | undefined;
  #order: readonly string[] = [];
  #orderedFor = { revision: -1, ordering: firstView.ordering };
  #orderAgainAt = 0;
  #failure: unknown;
  #frame: NodeJS.Timeout | undefined;
  #isAway = false;

  constructor(client: Client, options: MonitorOptions) {
    this.#client = client;
    this.#options = options;
    this.#known = new KnownMachines(client, () => this.#drawSoon());
    this.#screen = new TerminalScreen(process.stdin, process.stdout, {
      pressed: (key) => this.#pressed(key),
      resized: () => this.#drawSoon(),
    });
  }

  async run(): Promise<void> {
    const end = (): void => this.#stop.abort();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
    // A fault must not leave the terminal as a screen, nor its words on it.
    const fail = (error: unknown): void => {
      this.#failure ??= error;
      end();
    };
    process.once('uncaughtException', fail).once('unhandledRejection', fail);
    const tick = setInterval(() => this.#drawSoon(), TICK_MS);
    this.#screen.on();
    try {
      this.#draw();
      await followMachines(this.#client, this.#known, this.#stop.signal);
    } finally {
      clearInterval(tick);
      clearTimeout(this.#frame);
      this.#screen.off();
      process.stdin.pause();
      process.off('uncaughtException', fail).off('unhandledRejection', fail);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #drawSoon(): void {
    this.#frame ??= setTimeout(() => this.#draw(), FRAME_MS);
  }

  #draw(): void {
    clearTimeout(this.#frame);
    this.#frame = undefined;
    if (this.#isAway || this.#stop.signal.aborted) return;
    this.#putInOrder();
    const picture = this.#picture();
    this.#view = scrolled(this.#view, this.#order, machineRows(picture));
    this.#screen.show(drawScreen({ ...picture, view: this.#view }));
    void this.#askAboutShown(machineRows(picture));
  }

  /** At once if the person wants another order; else when machines changed, and never for more than a tenth of the time. */
  #putInOrder(): void {
    const { revision } = this.#known.fleet;
    const { ordering } = this.#view;
    const startedAt = performance.now();
    const isOther = ordering !== this.#orderedFor.ordering;
    if (!isOther && (revision === this.#orderedFor.revision || startedAt < this.#orderAgainAt)) return;
    this.#order = orderMachines(this.#known.fleet.all(), ordering);
    this.#orderedFor = { revision, ordering };
    const endedAt = performance.now();
    this.#orderAgainAt = endedAt + 9 * (endedAt - startedAt);
  }

  #picture(): Picture {
    const { fleet, pending, decisions, log, connection } = this.#known;
    const { columns, rows } = this.#screen;
    return {
      ...{ fleet, pending, log, connection, order: this.#order, view: this.#view, word: this.#word },
      decisionOf: (name) => decisions.get(name),
      nowUnixMs: Date.now(),
      terminal: { columns, rows, hasColours: this.#hasColours, isUnicode: this.#isUnicode },
    };
  }

  async #askAboutShown(rows: number): Promise<void> {
    const shown = this.#order.slice(this.#view.top, this.#view.top + rows);
    if (await this.#known.decisions.askFor(this.#client, shown)) this.#drawSoon();
  }

  #pressed(key: Key): void {
    if (key === 'redraw') this.#screen.redraw();
    if (key === 'suspend') {
      this.#screen.suspend();
      return;
    }
    this.#putInOrder();
    const { pending } = this.#known;
    const { view, command, ends, word } = pressKey(this.#view, key, {
      order: this.#order,
      rows: machineRows(this.#picture()),
      requestOf: (name) => pending.find((request) => request.name === name),
      waiting: new Set(pending.map(({ name }) => name)),
    });
    this.#view = view;
    this.#word = word;
    if (ends === true) this.#stop.abort();
    if (command !== undefined) void this.#carryOut(command);
    this.#draw();
  }

  async #carryOut(command: Command): Promise<void> {
    const request =
      command.kind === 'decide'
        ? this.#known.pending.find(({ requestId }) => requestId === command.requestId)
        : undefined;
    if (command.kind !== 'decide') this.#word = await carryOut(this.#client, command);
    else if (request === undefined) this.#word = `${command.name} does not wait any more.`;
    else if (needsPerson(request, command.approve)) await this.#decide(request, command.approve);
    else this.#word = await carryOut(this.#client, command);
    this.#drawSoon();
  }

  /** Named people sign with OpenSSH, or type a code: the terminal is theirs meanwhile. */
  async #decide(request: machines.PendingRequest, approve: boolean): Promise<void> {
    this.#isAway = true;
    this.#screen.off();
    try {
      const options = { ...this.#options, code: request.required === undefined };
      await decideWith(this.#client, request.requestId, approve, options);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say(`chatelaine: ${error.message}${error.hint === undefined ? '' : `\nhint: ${error.hint}`}`);
    }
    process.stderr.write('Enter goes back to the machines. ');
    process.stdin.resume();
    await once(process.stdin, 'data');
    this.#isAway = false;
    this.#screen.on();
  }
}

export const monitorMachines = async (options: MonitorOptions): Promise<void> => {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new Failure('usage', 'The monitor needs a terminal.', 'For a script: chatelaine machine list --json');
  }
  await askKeep(options, async (client) => {
    // Asked first, so that a keep that is not there or sealed is said in the ordinary way.
    answerOf(await client.call(machines.list, { limit: 1 }));
    await new Monitor(client, options).run();
  });
};

// Brings the outbox to the keep: one report after the other, soon after there is news, at leisure when everything is as it was,
// and at once when a whole report has come together. Invariant: a report leaves only over a link that stands, so that the ages in it are true when it
// arrives; what was not taken stays in the outbox.

import { type Client, type InputOf, machines, type RefusalCode } from '@chatelaine/contract';
import type { Log } from '@chatelaine/process';
import type { ReportOutbox } from './report-outbox.ts';

type Report = InputOf<typeof machines.report>;

/** What the keep says of a machine of which something was told. */
export interface EndAnswer {
  readonly name: string;
  /** In which time its time runs out now; absent: it is not to be looked at any more. */
  readonly inMs: number | undefined;
  /** The report asked for it, because its time had run out. */
  readonly wasAsked: boolean;
}

export interface ReportSenderOptions {
  readonly client: Client;
  readonly outbox: ReportOutbox;
  readonly log: Log;
  readonly now: () => number;
  /** What the keep answered about one machine. */
  readonly onAnswer: (answer: EndAnswer) => void;
  /** How long news may wait for more of it. */
  readonly urgentDelayMs: number;
  /** How long anything else may: a report costs more than a check. */
  readonly calmDelayMs: number;
  /** How long to wait after the keep did not take a report. */
  readonly pauseMs: number;
}

/** A keep that does not answer in this time is asked again with the ages of then. */
const DEADLINE_MS = 10_000;

/** The same when this process ends. */
const LAST_DEADLINE_MS = 300;

/** The keep may take the same report later. */
const isPassing = (code: RefusalCode): boolean =>
  ['unavailable', 'sealed', 'busy', 'deadline', 'cancelled', 'conflict', 'disk-full'].includes(code);

export class ReportSender {
  readonly #options: ReportSenderOptions;
  #link: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #sending: Promise<boolean> | undefined;
  #isOneByOne = false;

  constructor(options: ReportSenderOptions) {
    this.#options = options;
  }

  /** The link stands: what is there can be told. */
  open(): void {
    this.#link ??= new AbortController();
    this.wake();
  }

  /** The link is gone: a report under way is not repeated as it is. */
  close(): void {
    this.#link?.abort();
    this.#link = undefined;
    this.#unschedule();
  }

  /** Something was put into the outbox. */
  wake(): void {
    const { outbox, now } = this.#options;
    const dropped = outbox.dropOld(now());
    if (dropped > 0)
      this.#options.log.warn({ count: dropped }, 'checks that the keep could not be told are too old now');
    if (!outbox.isEmpty && this.#sending === undefined && this.#link !== undefined) this.#schedule(this.#delayMs());
  }

  /** Tells what is there, if the link stands and the keep is quick. */
  async finish(): Promise<void> {
    this.#unschedule();
    await this.#sending;
    this.#unschedule();
    while (this.#link !== undefined && !this.#options.outbox.isEmpty && (await this.#tell(LAST_DEADLINE_MS)));
    this.close();
  }

  #delayMs(): number {
    const { outbox, calmDelayMs, urgentDelayMs } = this.#options;
    return outbox.isFull ? 0 : outbox.isUrgent ? urgentDelayMs : calmDelayMs;
  }

  #schedule(ms: number): void {
    const atMs = performance.now() + ms;
    if (atMs >= this.#timerAtMs) return;
    this.#unschedule();
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#sending = this.#send();
    }, ms);
  }

  #unschedule(): void {
    clearTimeout(this.#timer);
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  async #send(): Promise<boolean> {
    const isTaken = this.#options.outbox.isEmpty || (await this.#tell(DEADLINE_MS));
    this.#sending = undefined;
    // Another link may have come meanwhile.
    if (this.#link !== undefined && !this.#options.outbox.isEmpty) {
      this.#schedule(isTaken ? this.#delayMs() : this.#options.pauseMs);
    }
    return isTaken;
  }

  /** Tells one report. Returns whether it need not be told again. */
  async #tell(deadlineMs: number): Promise<boolean> {
    const { outbox, client, now } = this.#options;
    if (this.#link === undefined) return false;
    const report = outbox.report(now(), this.#isOneByOne ? 1 : undefined);
    const answer = await client.call(machines.report, report, { deadlineMs, signal: this.#link.signal });
    if (answer.kind === 'ok') {
      outbox.told(report);
      this.#isOneByOne &&= !outbox.isEmpty;
      this.#settle(report, answer.value.due);
    } else if (isPassing(answer.code)) {
      return false;
    } else {
      this.#refused(report, answer.code);
    }
    return true;
  }

  /** One record can spoil a whole report: then the others are told one by one. */
  #refused(report: Report, code: RefusalCode): void {
    if (report.completed.length + report.due.length > 1) {
      this.#isOneByOne = true;
      return;
    }
    this.#options.outbox.told(report);
    const names = [...report.completed.map(({ name }) => name), ...report.due];
    this.#options.log.error({ code, machines: names }, 'the keep refused a report; it is not repeated');
  }

  #settle({ completed, due }: Report, answered: readonly { readonly name: string; readonly inMs: number }[]): void {
    const ends = new Map(answered.map(({ name, inMs }) => [name, inMs]));
    const asked = new Set(due);
    for (const { name } of completed) {
      if (!asked.has(name)) this.#options.onAnswer({ name, inMs: ends.get(name), wasAsked: false });
    }
    for (const name of asked) this.#options.onAnswer({ name, inMs: ends.get(name), wasAsked: true });
  }
}

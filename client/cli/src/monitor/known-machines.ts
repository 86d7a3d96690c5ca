// Everything the monitor shows, kept up to date by what it is told.

import { type Client, machines } from '@chatelaine/contract';
import { describeEvent } from './describe-event.ts';
import type { LogLine } from './draw-screen.ts';
import { Fleet } from './fleet.ts';
import type { Follower } from './follow-machines.ts';
import { LastDecisions } from './last-decisions.ts';

const LONGEST_LOG = 200;

export class KnownMachines implements Follower {
  readonly fleet = new Fleet();
  readonly decisions = new LastDecisions();
  readonly log: LogLine[] = [];
  /** The longest waiting first. */
  pending: readonly machines.PendingRequest[] = [];
  connection = { isUp: false, text: 'connecting' };
  readonly #client: Client;
  readonly #changed: () => void;
  #pendingIsOld = false;
  #isAskingPending = false;

  /** `changed` is called whenever there is something new to show. */
  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
  }

  listing(): void {
    this.fleet.beginListing();
    this.decisions.forgetAll();
    this.connection = { isUp: true, text: 'listing' };
    this.#askPending();
    this.#changed();
  }

  page(page: readonly machines.MachineView[]): void {
    this.fleet.addPage(page);
    this.#changed();
  }

  listed(): void {
    this.fleet.endListing();
    this.connection = { isUp: true, text: '' };
    this.#changed();
  }

  lost(reason: string): void {
    this.connection = { isUp: false, text: `NOT CONNECTED: ${reason}` };
    this.#changed();
  }

  event(event: machines.MachineEvent): void {
    const atUnixMs = Date.now();
    const line = describeEvent(event);
    if (line !== undefined) this.say({ atUnixMs, ...line });
    switch (event.kind) {
      case 'added':
      case 'changed': {
        const before = this.fleet.get(event.machine.name)?.pendingRequests ?? 0;
        this.fleet.put(event.machine);
        if (before !== event.machine.pendingRequests) this.#askPending();
        break;
      }
      case 'removed':
        this.fleet.remove(event.name);
        this.decisions.forget(event.name);
        break;
      case 'released':
        this.decisions.tell(event.name, { atUnixMs, decision: 'released' });
        break;
      case 'refused':
        this.decisions.tell(event.name, { atUnixMs, decision: 'refused', code: event.code });
        break;
      case 'waiting':
        this.decisions.tell(event.name, { atUnixMs, decision: 'waiting' });
        this.#askPending();
        break;
      default:
    }
    this.#changed();
  }

  say(line: LogLine): void {
    this.log.push(line);
    if (this.log.length > LONGEST_LOG) this.log.shift();
  }

  /** Asks who waits; what changes while it asks makes it ask once more, and never twice at once. */
  #askPending(): void {
    this.#pendingIsOld = true;
    if (!this.#isAskingPending) void this.#readPending();
  }

  async #readPending(): Promise<void> {
    this.#isAskingPending = true;
    while (this.#pendingIsOld) {
      this.#pendingIsOld = false;
      const answer = await this.#client.call(machines.pending, {});
      if (answer.kind === 'ok') {
        this.pending = answer.value.requests.toSorted((a, b) => a.untilUnixMs - b.untilUnixMs);
      }
    }
    this.#isAskingPending = false;
    this.#changed();
  }
}

// Random lives of machines: checks that succeed and fail, late and early, restarts, crashes, clocks set forward and back, a
// person, and a thief who fetches again and again. What must never happen is said apart from the rules under test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { decideRelease, type Moment } from '../../kernel/release/decision.ts';
import { checked, enabledAgain, enrolled, released, settled } from './liveness.ts';
import type { MachineRecord, MachineState } from './machine-record.ts';
import { releaseConditions } from './release-conditions.ts';

const SCHEDULES = 100_000;
const STEPS = 30;
const MINUTE_MS = 60_000;
const START_UNIX_MS = 1_800_000_000_000;

/** A generator of its own for each schedule, so that a failing one can be run again by its number. */
const randomOf = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

const settingsOf = (random: (below: number) => number): MachineRecord['settings'] => ({
  host: '',
  checker: 'true',
  timeoutMs: (1 + random(10)) * MINUTE_MS,
  extendedTimeoutMs: (1 + random(20)) * MINUTE_MS,
  intervalMs: (1 + random(4)) * MINUTE_MS,
  approvalDelayMs: 0,
  approvalDurationMs: 1_000,
  approvedByDefault: true,
});

/** A server with one machine: what it has on record, and what its clock says. */
class SimulatedServer {
  machine: MachineRecord;
  #state: MachineState;
  #run = { startedAtUnixMs: START_UNIX_MS };
  #nowUnixMs = START_UNIX_MS;
  /** The highest time on record. */
  #highestUnixMs = START_UNIX_MS;

  constructor(settings: MachineRecord['settings']) {
    this.machine = {
      ...{ format: 1, keyId: 'k', enabled: true, createdAtUnixMs: START_UNIX_MS, enabledAtUnixMs: START_UNIX_MS },
      ...{ secretSetAtUnixMs: START_UNIX_MS, secretSizeBytes: 1, settings },
    };
    this.#state = { format: 1, ...enrolled(this.#timed, START_UNIX_MS, this.#run) };
  }

  get nowUnixMs(): number {
    return this.#nowUnixMs;
  }

  get isClockTrusted(): boolean {
    return this.#nowUnixMs >= this.#highestUnixMs;
  }

  get #timed() {
    return { name: 'web1', ...this.machine };
  }

  pass(ms: number): void {
    this.#nowUnixMs += ms;
  }

  restart(clockMovesMs: number): void {
    this.#nowUnixMs += clockMovesMs;
    this.#run = { startedAtUnixMs: this.#nowUnixMs };
  }

  check(startedAgoMs: number, status: number): void {
    const startedAtUnixMs = this.#nowUnixMs - startedAgoMs;
    this.#write({
      ...this.#state,
      ...checked(this.#timed, this.#settled(), { startedAtUnixMs, status }, this.#nowUnixMs),
    });
  }

  disable(): void {
    this.machine = { ...this.machine, enabled: false };
    this.#write(this.#settled());
  }

  enable(): void {
    const before = this.#settled();
    this.machine = { ...this.machine, enabled: true };
    this.#write({ format: 1, ...enabledAgain(this.#timed, before, this.#nowUnixMs, this.#run) });
  }

  fetch(): { readonly verdict: string; readonly code?: string } {
    const state = this.#settled();
    const moment: Moment = {
      nowUnixMs: this.#nowUnixMs,
      askedAtUnixMs: this.#nowUnixMs,
      clockBehindMs: Math.max(0, this.#highestUnixMs - this.#nowUnixMs),
    };
    const subject = { machine: this.machine, state, rule: {}, approvedBy: [], deniedBy: [], codeGiven: undefined };
    const decision = decideRelease(releaseConditions, subject, moment, []);
    // A refusal that changes nothing is not always written; one that finds the time run out is.
    if (decision.verdict === 'refuse' && !isDeepStrictEqual(state, this.#state)) this.#write(state);
    if (decision.verdict === 'release') this.#write({ ...state, ...released(this.#timed, state, this.#nowUnixMs) });
    return decision;
  }

  #settled(): MachineState {
    return { ...this.#state, ...settled(this.#timed, this.#state, this.#nowUnixMs, this.#run) };
  }

  #write(state: MachineState): void {
    this.#state = state;
    this.#highestUnixMs = Math.max(this.#highestUnixMs, this.#nowUnixMs);
  }
}

/** What an onlooker with a good memory knows. */
interface Onlooker {
  /** The latest moment at which somebody vouched for the machine while it was still served: a person, or a check. */
  lastSignUnixMs: number;
  /** Since a person last enabled it, some time passed that was longer than the machine may be silent. */
  hadGap: boolean;
  isCutOff: boolean;
  /** It was refused as silent, and no person has enabled it since. */
  isSilent: boolean;
}

/** One random life; gives how many fetches were served and how many were refused though the machine had just been seen. */
const live = (seed: number): { readonly served: number; readonly falselyRefused: number } => {
  const random = randomOf(seed);
  const settings = settingsOf(random);
  const { timeoutMs, extendedTimeoutMs } = settings;
  const server = new SimulatedServer(settings);
  const seen: Onlooker = { lastSignUnixMs: START_UNIX_MS, hadGap: false, isCutOff: false, isSilent: false };
  let served = 0;
  let falselyRefused = 0;
  const fetch = (): void => {
    const { verdict, code } = server.fetch();
    const sinceSignMs = server.nowUnixMs - seen.lastSignUnixMs;
    if (verdict === 'release') {
      served++;
      assert.ok(!seen.isCutOff, 'a machine that was cut off was served');
      assert.ok(!seen.isSilent, 'a machine that had gone silent was served again without a person');
      assert.ok(server.isClockTrusted, 'a machine was served by a clock that is behind');
      const atMostMs = Math.max(timeoutMs, extendedTimeoutMs) + extendedTimeoutMs;
      assert.ok(sinceSignMs < atMostMs, `served ${sinceSignMs} ms after its last sign of life`);
    }
    if (code === 'expired') {
      if (!seen.isSilent && !seen.hadGap && sinceSignMs < timeoutMs) falselyRefused++;
      seen.isSilent = true;
    }
  };
  const check = (status: number): void => {
    const startedAgoMs = random(2) === 0 ? 0 : random(3 * MINUTE_MS);
    server.check(startedAgoMs, status);
    if (status !== 0) return;
    // A late success is no sign, but the bound below holds for it too: it changes nothing then.
    seen.lastSignUnixMs = Math.max(seen.lastSignUnixMs, server.nowUnixMs - startedAgoMs);
  };
  for (let step = 0; step < STEPS; step++) {
    server.pass(random(4) === 0 ? random(20 * MINUTE_MS) : random(2 * MINUTE_MS));
    if (server.nowUnixMs - seen.lastSignUnixMs >= timeoutMs) seen.hadGap = true;
    switch (random(9)) {
      case 0:
      case 1:
        check(0);
        break;
      case 2:
        check(random(2) === 0 ? 1 : -1);
        break;
      case 3:
        server.restart(random(3) === 0 ? random(40 * MINUTE_MS) - 20 * MINUTE_MS : 0);
        break;
      case 4:
        if (random(4) === 0) {
          server.disable();
          seen.isCutOff = true;
        } else if (random(2) === 0) {
          server.enable();
          seen.lastSignUnixMs = server.nowUnixMs;
          seen.hadGap = false;
          seen.isCutOff = false;
          seen.isSilent = false;
        }
        break;
      default:
        for (let again = random(4); again >= 0; again--) fetch();
    }
  }
  return { served, falselyRefused };
};

test('no machine is served after its time ran out, whatever the schedule and however often a thief fetches', (t) => {
  let served = 0;
  let falselyRefused = 0;
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    try {
      const outcome = live(seed);
      served += outcome.served;
      falselyRefused += outcome.falselyRefused;
    } catch (error) {
      throw new Error(`schedule ${seed}`, { cause: error });
    }
  }
  t.diagnostic(`${SCHEDULES} schedules, ${served} secrets handed out, ${falselyRefused} refused though seen in time`);
  assert.equal(falselyRefused, 0, 'a machine that was seen in time was refused as silent');
  assert.ok(served > SCHEDULES, 'the schedules hand out too little to show anything');
});

// Devices, clocks and restarts at random, against a model of what has to be accepted. A failure prints its seed; what was counted is
// printed at the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp, system, totp } from '@chatelaine/contract';
import fc from 'fast-check';
import type { StartedKeep } from '../testing/start-keep.ts';
import { NEXT_WITHIN_MS } from './first-codes.ts';
import { oneTimeCode } from './one-time-code.ts';
import { codeOf, hotpEnrolment, SEED, startWithUsers, totpEnrolment } from './testing/start-with-users.ts';

const STEP_MS = 30_000;
const people = ['ada', 'bob'] as const;
type Person = (typeof people)[number];

/** What happens next. */
type Event =
  | { readonly kind: 'time'; readonly user: Person; readonly ahead: number; readonly times: number }
  | { readonly kind: 'counter'; readonly user: Person; readonly skipped: number; readonly times: number }
  | { readonly kind: 'old counter'; readonly user: Person; readonly back: number }
  | {
      readonly kind: 'far counter';
      readonly user: Person;
      readonly skipped: number;
      readonly step: 1 | 2;
      readonly times: number;
    }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'clock'; readonly ms: number }
  | { readonly kind: 'restart'; readonly ms: number };

const user = fc.constantFrom(...people);
const times = fc.constantFrom(1, 1, 2, 5);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('time' as const), user, ahead: fc.integer({ min: -3, max: 3 }), times }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('counter' as const),
      user,
      skipped: fc.integer({ min: 0, max: 14 }),
      times,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('old counter' as const), user, back: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('far counter' as const),
      user,
      skipped: fc.integer({ min: 11, max: 900 }),
      step: fc.constantFrom(1 as const, 2 as const),
      times,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('clock' as const), ms: fc.integer({ min: -600_000, max: 600_000 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3 * STEP_MS }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), ms: fc.integer({ min: 0, max: STEP_MS }) }),
  },
);

/** What a person's devices may still be accepted for. */
interface Model {
  lastStep: number;
  drift: number;
  nextCounter: number;
  /** The code before it, if that was too far ahead to be accepted alone. */
  far: { readonly counter: number; readonly atMs: number } | undefined;
}

const seedOf = (name: Person): Buffer => Buffer.concat([Buffer.from(name), SEED]);

const enrollAll = async ({ admin, clock }: StartedKeep): Promise<Map<Person, Model>> => {
  const models = new Map<Person, Model>();
  for (const name of people) {
    const secret = { kind: 'given', value: seedOf(name) } as const;
    const step = Math.floor(clock.nowUnixMs() / STEP_MS);
    await admin.call(totp.enroll, { user: name, ...totpEnrolment, secret });
    await admin.call(hotp.enroll, { user: name, ...hotpEnrolment, secret });
    const byTime = [oneTimeCode(seedOf(name), step, totpEnrolment).toString()];
    const byCounter = [0, 1].map((counter) => oneTimeCode(seedOf(name), counter, hotpEnrolment).toString());
    const own = { user: name, credential: 'default' };
    assert.equal(codeOf(await admin.call(totp.confirm, { ...own, codes: byTime })), 'ok');
    assert.equal(codeOf(await admin.call(hotp.confirm, { ...own, codes: byCounter })), 'ok');
    models.set(name, { lastStep: step, drift: 0, nextCounter: 2, far: undefined });
  }
  return models;
};

test('nothing is accepted twice and nothing in its window refused, whatever happens in between', async (t) => {
  const count = { events: 0, sent: 0, right: 0, accepted: 0, twice: 0, refused: 0 };
  const scenario = fc.array(event, { minLength: 20, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(scenario, async (events) => {
      let started = await startWithUsers();
      try {
        const models = await enrollAll(started);
        const modelOf = (name: Person): Model => models.get(name) ?? assert.fail();
        /** Sends a code so many times at once; gives how often it was accepted. Wrong codes are not what is looked at here. */
        const send = async (module: typeof totp | typeof hotp, name: Person, number: number, many: number) => {
          await started.admin.call(module.allowTries, { user: name });
          const code = oneTimeCode(seedOf(name), number, totpEnrolment).toString();
          const sent = Array.from({ length: many }, () => started.admin.call(module.verify, { user: name, code }));
          return (await Promise.all(sent)).filter(({ kind }) => kind === 'ok').length;
        };
        /** Sends it, and looks whether it was accepted once, or not at all. */
        const expect = async (isGood: boolean, what: string, ...given: Parameters<typeof send>): Promise<void> => {
          const accepted = await send(...given);
          count.sent += given[3];
          count.accepted += accepted;
          count.right += isGood ? 1 : 0;
          count.twice += Math.max(0, accepted - 1);
          count.refused += isGood && accepted === 0 ? 1 : 0;
          assert.equal(accepted, isGood ? 1 : 0, what);
        };
        const restart = async (ms: number): Promise<void> => {
          started = await started.restart(ms);
          await started.unseal();
          for (const model of models.values()) model.far = undefined;
        };
        /** By counter, a code is right in the window, or if it goes on from one just before that was too far ahead. */
        const giveCounter = async (name: Person, counter: number, many: number): Promise<void> => {
          const model = modelOf(name);
          const { nextCounter, far } = model;
          const isNear = counter <= nextCounter + hotpEnrolment.lookAhead;
          const isFresh = far !== undefined && started.clock.elapsedMs() <= far.atMs + NEXT_WITHIN_MS;
          const isGood = isNear || (isFresh && counter === far.counter + 1);
          await expect(isGood, 'a code by counter', hotp, name, counter, many);
          if (isGood) Object.assign(model, { nextCounter: counter + 1, far: undefined });
          else model.far = { counter, atMs: started.clock.elapsedMs() };
        };
        for (const next of events) {
          count.events++;
          if (next.kind === 'wait') started.clock.advance(next.ms);
          if (next.kind === 'restart') {
            await restart(next.ms);
          }
          if (next.kind === 'time') {
            const model = modelOf(next.user);
            const now = Math.floor(started.clock.nowUnixMs() / STEP_MS);
            const step = now + next.ahead;
            const isNear = (drift: number): boolean => Math.abs(next.ahead - drift) <= totpEnrolment.window;
            const isGood = step > model.lastStep && (isNear(model.drift) || isNear(0));
            await expect(isGood, 'a code by time', totp, next.user, step, next.times);
            if (isGood) Object.assign(model, { lastStep: step, drift: next.ahead });
          }
          if (next.kind === 'counter') {
            await giveCounter(next.user, modelOf(next.user).nextCounter + next.skipped, next.times);
          }
          if (next.kind === 'old counter') {
            const model = modelOf(next.user);
            model.far = undefined;
            const counter = Math.max(0, model.nextCounter - next.back);
            await expect(false, 'a code that is spent', hotp, next.user, counter, 1);
          }
          if (next.kind === 'far counter') {
            const first = modelOf(next.user).nextCounter + next.skipped;
            await giveCounter(next.user, first, 1);
            if (modelOf(next.user).nextCounter <= first) await giveCounter(next.user, first + next.step, next.times);
          }
          if (next.kind === 'clock') {
            await restart(next.ms);
            const now = Math.floor(started.clock.nowUnixMs() / STEP_MS);
            if (next.ms < 0) await expect(false, 'a code while the clock is behind', totp, 'ada', now, 1);
            await started.admin.call(system.confirmClock, {});
          }
        }
      } finally {
        await started[Symbol.asyncDispose]();
      }
    }),
    { numRuns: 8 },
  );
  t.diagnostic(
    `${count.events} events, ${count.sent} codes sent, ${count.right} of them right once: ${count.accepted} accepted`,
  );
  t.diagnostic(`accepted twice ${count.twice}, refused in the window ${count.refused}`);
});

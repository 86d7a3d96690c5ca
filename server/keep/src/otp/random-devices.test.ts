// Devices, clocks and restarts at random, against a model of what has to be accepted. A failure prints its seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp, totp } from '@chatelaine/contract';
import fc from 'fast-check';
import type { StartedKeep } from '../testing/start-keep.ts';
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
  | { readonly kind: 'wait'; readonly ms: number }
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
    models.set(name, { lastStep: step, drift: 0, nextCounter: 2 });
  }
  return models;
};

test('nothing is accepted twice and nothing in its window refused, whatever happens in between', async () => {
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
        for (const next of events) {
          if (next.kind === 'wait') started.clock.advance(next.ms);
          if (next.kind === 'restart') {
            started = await started.restart(next.ms);
            await started.unseal();
          }
          if (next.kind === 'time') {
            const model = modelOf(next.user);
            const now = Math.floor(started.clock.nowUnixMs() / STEP_MS);
            const step = now + next.ahead;
            const isNear = (drift: number): boolean => Math.abs(next.ahead - drift) <= totpEnrolment.window;
            const isGood = step > model.lastStep && (isNear(model.drift) || isNear(0));
            assert.equal(await send(totp, next.user, step, next.times), isGood ? 1 : 0, 'a code by time');
            if (isGood) Object.assign(model, { lastStep: step, drift: next.ahead });
          }
          if (next.kind === 'counter') {
            const model = modelOf(next.user);
            const counter = model.nextCounter + next.skipped;
            const isGood = next.skipped <= hotpEnrolment.lookAhead;
            assert.equal(await send(hotp, next.user, counter, next.times), isGood ? 1 : 0, 'a code by counter');
            if (isGood) model.nextCounter = counter + 1;
          }
          if (next.kind === 'old counter') {
            const counter = Math.max(0, modelOf(next.user).nextCounter - next.back);
            assert.equal(await send(hotp, next.user, counter, 1), 0, 'a code that is spent');
          }
        }
      } finally {
        await started[Symbol.asyncDispose]();
      }
    }),
    { numRuns: 8 },
  );
});

// kill -9 of the keep, and now and then of the gate, while codes by counter and by time are verified over HTTP. Each code is sent twice
// at once, and again until it is decided: none is accepted twice, and one that was accepted is never forgotten.
//
// CHATELAINE_KILLS says how often; scripts/test --long code-kills asks for 500.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, hotp, totp, users } from '@chatelaine/contract';
import { oneTimeCode } from '../../server/keep/src/otp/one-time-code.ts';
import { hotpEnrolment, SEED, totpEnrolment } from '../../server/keep/src/otp/testing/start-with-users.ts';
import { startDevInstance } from '../support/dev-instance.ts';
import { connectAs } from '../support/instance-link.ts';
import { killUnderLoad, startForKills } from '../support/kills-under-load.ts';
import { recordedCodes } from '../support/recorded-codes.ts';
import { Scratch } from '../support/scratch.ts';

const KILLS = Number(process.env['CHATELAINE_KILLS'] ?? 6);
const PAUSE_MS = 10;
const WINDOW = 6;
/** A device by time is believed to be so many steps ahead at most; each code may be a step after the one before. */
const MOST_AHEAD = 120;

type Kind = 'hotp' | 'totp';

interface Given {
  readonly of: string;
  readonly counter: number;
  /** How often it was accepted. */
  oks: number;
}

/** Gives a new user a credential; returns the number of its first code that is not spent. */
const enroll = async (admin: Client, kind: Kind, user: string): Promise<number> => {
  const must = (made: { readonly kind: string }): void => assert.equal(made.kind, 'ok', JSON.stringify(made));
  must(await admin.call(users.add, { name: user, fullName: '', groups: [] }));
  const byName = { user, credential: 'default' };
  const codeAt = (counter: number): string => oneTimeCode(SEED, counter, hotpEnrolment).toString();
  if (kind === 'hotp') {
    must(await admin.call(hotp.enroll, { user, ...hotpEnrolment }));
    must(await admin.call(hotp.confirm, { ...byName, codes: [codeAt(0), codeAt(1)] }));
    return 2;
  }
  const { periodSeconds } = totpEnrolment;
  must(await admin.call(totp.enroll, { user, ...totpEnrolment, window: WINDOW }));
  const step = Math.floor(Date.now() / 1_000 / periodSeconds) - WINDOW + 1;
  must(await admin.call(totp.confirm, { ...byName, codes: [codeAt(step)] }));
  return step + 1;
};

test(`${KILLS} kills under verification load: no code is accepted twice, none that was accepted is forgotten`, {
  timeout: 3_600_000,
}, async (t) => {
  await using scratch = new Scratch();
  const { dir, run, stop } = await startDevInstance(scratch);
  const token = (
    await run(['token', 'create', 'sso', '--grant', 'hotp.verify:**', '--grant', 'totp.verify:**'])
  ).trim();
  assert.equal(await stop(), 0);
  const { house, port } = await startForKills(scratch, dir);
  const admin = await connectAs(scratch, dir, 'admin');

  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  /** Whether it is accepted; undefined if nobody could say. */
  const ask = async (kind: Kind, user: string, code: string): Promise<boolean | undefined> => {
    try {
      const body = JSON.stringify({ user, code });
      const answer = await fetch(`http://127.0.0.1:${port}/v1/${kind}/verify`, { method: 'POST', headers, body });
      const text = await answer.text();
      if (answer.status === 200) return true;
      return answer.status === 403 && text.includes('wrong-code') ? false : undefined;
    } catch {
      return undefined;
    }
  };
  const untilDecided = async (kind: Kind, user: string, given: Given): Promise<void> => {
    const code = oneTimeCode(SEED, given.counter, hotpEnrolment).toString();
    for (;;) {
      const isAccepted = await ask(kind, user, code);
      if (isAccepted === true) given.oks++;
      if (isAccepted !== undefined) return;
      await pause(PAUSE_MS);
    }
  };

  let isOver = false;
  scratch.atEnd(() => {
    isOver = true;
  });
  const all: Given[] = [];
  const verifyOn = async (kind: Kind, first: { readonly user: string; readonly next: number }): Promise<void> => {
    const last = kind === 'totp' ? first.next + MOST_AHEAD : Number.POSITIVE_INFINITY;
    for (let counter = first.next; !isOver && counter < last; counter++) {
      const given = { of: `${kind}/${first.user}/default`, counter, oks: 0 };
      all.push(given);
      await Promise.all([untilDecided(kind, first.user, given), untilDecided(kind, first.user, given)]);
      assert.ok(given.oks <= 1, 'accepted twice');
    }
  };
  const totpUsers = 2 + Math.ceil(KILLS / 5);
  const enrolled: { kind: Kind; user: string; next: number }[] = [];
  for (const user of ['h0', 'h1']) enrolled.push({ kind: 'hotp', user, next: await enroll(admin, 'hotp', user) });
  for (let count = 0; count < totpUsers; count++) {
    const user = `t${count}`;
    enrolled.push({ kind: 'totp', user, next: await enroll(admin, 'totp', user) });
  }
  const waiting = enrolled.filter(({ kind }) => kind === 'totp');
  const verifyByTime = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined && !isOver; one = waiting.shift()) await verifyOn('totp', one);
  };
  const byCounter = enrolled.filter(({ kind }) => kind === 'hotp').map((one) => verifyOn('hotp', one));
  const load = Promise.all([...byCounter, verifyByTime(), verifyByTime()]);
  await killUnderLoad(t, house, KILLS, load);
  isOver = true;
  await load;

  const recorded = [...(await recordedCodes(admin, 'hotp.verify')), ...(await recordedCodes(admin, 'totp.verify'))];
  const onRecord = new Set(recorded);
  assert.equal(onRecord.size, recorded.length, 'each code once on record');
  const accepted = all.filter(({ oks }) => oks > 0);
  for (const { of, counter } of accepted) assert.ok(onRecord.has(`${of} ${counter}`), `${of} ${counter} is on record`);
  for (const { kind, user } of enrolled) {
    const last = all.findLast(({ of }) => of === `${kind}/${user}/default`);
    if (last === undefined) continue;
    const given = { ...last, oks: 0 };
    await untilDecided(kind, user, given);
    assert.equal(given.oks, 0, `the last code of ${user} is still spent`);
  }
  assert.ok(accepted.length > 0);
  t.diagnostic(
    `${KILLS} kills: ${all.length} codes, ${accepted.length} answered as accepted, none twice, none forgotten`,
  );
});

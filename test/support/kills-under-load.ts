// kill -9 of the keep, and now and then of the gate, while codes are verified at an address that stays the same.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { House } from './house.ts';
import type { Scratch } from './scratch.ts';

/** Starts keep and gate of the stopped instance in `dir`; gives them and the port of its HTTP API, which a restart does not change. */
export const startForKills = async (scratch: Scratch, dir: string): Promise<{ house: House; port: number }> => {
  const port = await freePort();
  const settings = path.join(dir, 'chatelaine.toml');
  writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^plain = .*$/m, `plain = ["127.0.0.1:${port}"]`));
  const house = new House(scratch, dir);
  for (const name of ['keep', 'gate'] as const) await house.start(name);
  return { house, port };
};

/** Kills so many times, and ends early if the load fails. */
export const killUnderLoad = async (
  t: TestContext,
  house: House,
  count: number,
  load: Promise<unknown>,
): Promise<void> => {
  for (let kills = 0; kills < count; kills++) {
    await Promise.race([pause(200 + randomInt(200)), load]);
    const victim = randomInt(5) === 0 ? 'gate' : 'keep';
    assert.ok(house.isRunning(victim), `${victim} runs until it is killed: ${house.words.slice(-2_000)}`);
    await house.end(victim, 'SIGKILL');
    await house.start(victim);
    if (kills % 100 === 99) t.diagnostic(`${kills + 1} kills so far`);
  }
};

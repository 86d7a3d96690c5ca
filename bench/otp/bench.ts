// Measures verifications of YubiKeys' codes through HTTP by a plain `chatelaine dev`: distinct keys of users, requests signed, each
// verdict signed by the keep and durable before it is answered.

import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { users, yubiotp } from '@chatelaine/contract';
import { typeCode } from '../../server/keep/src/modules/yubiotp/testing/type-code.ts';
import { type DevInstance, startDevInstance } from '../../test/support/dev-instance.ts';
import { connectAs } from '../../test/support/instance-link.ts';
import { Scratch } from '../../test/support/scratch.ts';
import type { LoadResult } from '../http-load.ts';
import type { LoadKey, LoadSettings } from './validation-load.ts';

const HELP = `Usage: node bench/otp/bench.ts [--rounds N] [--seconds N] [--keys N] [--quick] [--json]
  --rounds N   rounds, of which the median counts (5)
  --seconds N  of each measurement (5)
  --keys N     YubiKeys, one a user (1000)
  --quick      one round of two seconds with 200 keys
`;
const CONCURRENCIES = [1, 32] as const;
const TARGET = { perSecond: 4_000, cpuMs: 0.25, p99Ms: 25 };
const ENROLLED_AT_ONCE = 64;

const MODHEX = 'cbdefghijklnrtuv';
const publicIdOf = (at: number): string =>
  [...at.toString(16).padStart(12, '0')].map((digit) => MODHEX[Number.parseInt(digit, 16)]).join('');

const prepare = async (instance: DevInstance, scratch: Scratch, count: number): Promise<LoadKey[]> => {
  const admin = await connectAs(scratch, instance.dir, 'admin');
  const enroll = async (at: number): Promise<LoadKey> => {
    const user = `user${at}`;
    const publicId = publicIdOf(at);
    const secrets = { privateId: randomBytes(6), key: randomBytes(16) };
    const otp = typeCode(publicId, secrets, { counter: 0, use: 0 });
    const requestId = randomUUID();
    for (const made of [
      await admin.call(users.add, { name: user, fullName: '', groups: [] }, { requestId }),
      await admin.call(yubiotp.enroll, { user, publicId, secret: { kind: 'given', ...secrets } }),
      await admin.call(yubiotp.confirm, { user, publicId, otp }),
    ]) {
      if (made.kind === 'refused') throw new Error(`a key was not enrolled: ${made.code}`);
    }
    return { publicId, privateId: secrets.privateId.toString('hex'), key: secrets.key.toString('hex') };
  };
  const keys: LoadKey[] = [];
  for (let at = 0; at < count; at += ENROLLED_AT_ONCE) {
    const some = Array.from({ length: Math.min(ENROLLED_AT_ONCE, count - at) }, (_, more) => enroll(at + more));
    keys.push(...(await Promise.all(some)));
  }
  return keys;
};

const load = (settings: LoadSettings): LoadResult => {
  const script = path.join(import.meta.dirname, 'validation-load.ts');
  const { stdout, status, stderr } = spawnSync(process.execPath, [script, JSON.stringify(settings)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the load ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

interface Round extends LoadResult {
  /** Processor time of one verification. */
  readonly keepUs: number;
  readonly gateUs: number;
}

const measure = (instance: DevInstance, settings: LoadSettings): Round => {
  const before = { keep: instance.footprint('keep').cpuMs, gate: instance.footprint('gate').cpuMs };
  const result = load(settings);
  // The second of warming up counts for both.
  const answers = result.perSecond * (settings.seconds + 1);
  const used = (name: 'keep' | 'gate'): number => ((instance.footprint(name).cpuMs - before[name]) * 1_000) / answers;
  return { ...result, keepUs: used('keep'), gateUs: used('gate') };
};

const summaryOf = (connections: number, rounds: readonly Round[]) => {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  return {
    connections,
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuUs: { keep: of(({ keepUs }) => keepUs), gate: of(({ gateUs }) => gateUs), load: of(({ cpuUs }) => cpuUs) },
  };
};

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    keys: { type: 'string', default: '1000' },
  },
});
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  await using scratch = new Scratch();
  const isQuick = values.quick === true;
  const [rounds, seconds] = isQuick ? [1, 2] : [Number(values.rounds), Number(values.seconds)];
  const instance = await startDevInstance(scratch);
  const keys = await prepare(instance, scratch, isQuick ? 200 : Number(values.keys));
  const client = JSON.parse(await instance.run(['otp', 'client', 'add', '--json']));
  const port = Number(instance.http.split(':').at(-1));
  const measured = CONCURRENCIES.map((connections) => ({ connections, rounds: [] as Round[] }));
  let counter = 1;
  for (let round = 0; round < rounds; round++) {
    for (const { connections, rounds: done } of measured) {
      done.push(measure(instance, { port, client, keys, counter, connections, seconds }));
      // Far above what one measurement can have pressed.
      counter += 64;
    }
  }
  const wrong = measured.flatMap((each) => each.rounds).reduce((sum, each) => sum + each.wrong, 0);
  if (wrong > 0) throw new Error(`${wrong} answers were not OK`);
  const results = measured.map((each) => summaryOf(each.connections, each.rounds));
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ bench: 'otp', rounds, seconds, target: TARGET, results })}\n`);
  else {
    for (const { connections, perSecond, p50Ms, p99Ms, cpuUs } of results) {
      process.stdout.write(
        `verifications of YubiKeys over HTTP, signed and durable, ${connections} at once\n` +
          `  ${perSecond.toFixed(0)} /s (target at 32: ${TARGET.perSecond}), p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(1)} ms\n` +
          `  processor time of one: keep ${cpuUs.keep.toFixed(0)} µs, gate ${cpuUs.gate.toFixed(0)} µs (target for both ${TARGET.cpuMs * 1_000} µs), load ${cpuUs.load.toFixed(0)} µs\n`,
      );
    }
  }
}

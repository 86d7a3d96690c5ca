// Measures verifications of one-time codes: YubiKeys by Yubico's validation protocol, signed, beside Debian's yubiserver in the same
// run, with few keys and with many; codes by counter through the HTTP API; and what a durable write and a TLS answer cost alone.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { toBase32 } from '../../client/cli/src/otp/base32.ts';
import { type DevInstance, startDevInstance } from '../../test/support/dev-instance.ts';
import { runToSuccess } from '../../test/support/run-program.ts';
import { Scratch } from '../../test/support/scratch.ts';
import type { LoadResult } from '../http-load.ts';
import { interleave, median } from '../mandos/rounds.ts';
import { frameRequests, type LoadSettings } from './load.ts';
import {
  type ApiClient,
  hotpRequests,
  nextCode,
  type PlayedDevice,
  type PlayedKey,
  playKeys,
  validationRequests,
} from './played-keys.ts';
import { startYubiserver, type Yubiserver } from './yubiserver.ts';

const HELP = `usage: node bench/otp/bench.ts [--keys N] [--rounds N] [--seconds N] [--quick] [--json]

Verifications of one-time codes a second, over HTTP, each durable before it is answered; processor time of one.

  --keys N     how many the many keys are (100000)
  --rounds N   rounds, of which the median counts (5)
  --seconds N  of each measurement (4)
  --quick      one short round, and 10,000 keys
  --json       one JSON document on stdout
  --help       this text
`;

const FEW_KEYS = 100;
const DEVICES = 40;
const AT_ONCE = 32;
const WARM_UP_SECONDS = 1;
/** More than any of them answers. */
const REQUESTS_PER_SECOND = { ours: 9_000, alone: 3_000, yubiserver: 9_000 };

/** What one contestant did in one round. */
interface Measured extends LoadResult {
  /** Processor time of the servers for one verification. */
  readonly serverUs: number;
}

interface Contest {
  readonly scratch: Scratch;
  readonly seconds: number;
}

const load = async (
  { scratch, seconds }: Contest,
  settings: Pick<LoadSettings, 'port' | 'tls' | 'keepsConnections' | 'connections' | 'good'> & {
    readonly mayRepeat?: boolean;
  },
  requests: readonly Buffer[],
  cpuMs: () => number,
): Promise<Measured> => {
  const file = path.join(scratch.directory(), 'requests');
  writeFileSync(file, frameRequests(requests));
  const all: LoadSettings = { mayRepeat: false, ...settings, seconds, requests: file };
  const before = cpuMs();
  const script = path.join(import.meta.dirname, 'load.ts');
  const patienceMs = (seconds + WARM_UP_SECONDS) * 1_000 + 30_000;
  const result: LoadResult = JSON.parse(
    await runToSuccess(process.execPath, [script, JSON.stringify(all)], { patienceMs }),
  );
  return { ...result, serverUs: ((cpuMs() - before) * 1_000) / result.answers };
};

/** What we answer wrong would count as fast. */
const allRight = <M extends Measured>(measured: M): M => {
  if (measured.wrong > 0) throw new Error(`${measured.wrong} of ${measured.answers} answers were not good`);
  return measured;
};

const portOf = (address: string): number => Number(address.split(':').at(-1));

const importKeys = async (scratch: Scratch, instance: DevInstance, keys: readonly PlayedKey[]): Promise<void> => {
  const file = path.join(scratch.directory(), 'keys.csv');
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const lines = keys.map(
    ({ publicId, privateId, key }, at) =>
      `${at + 1},${publicId},${hex(privateId)},${hex(key)},000000000000,2026-01-01T00:00:00,\n`,
  );
  writeFileSync(file, `# ykksm 1\n${lines.join('')}`, { mode: 0o600 });
  await instance.run(['otp', 'import', '--yes', '--ksm', file], { patienceMs: 1_800_000 });
};

const addClient = async (instance: DevInstance): Promise<ApiClient> => {
  const { id, key } = JSON.parse(await instance.run(['otp', 'client', 'add', '--notes', 'bench', '--json']));
  return { id, secret: Buffer.from(key, 'base64') };
};

const addDevices = async (instance: DevInstance): Promise<readonly PlayedDevice[]> => {
  const devices = Array.from({ length: DEVICES }, (_, at) => ({
    ...{ user: `user${at}`, seed: randomBytes(20), counter: 0 },
  }));
  for (const device of devices) {
    await instance.run(['user', 'add', device.user]);
    const input = toBase32(device.seed);
    await instance.run(['otp', 'enroll', device.user, '--hotp', '--given'], { input });
    await instance.run(['otp', 'confirm', device.user, '--hotp'], {
      input: `${nextCode(device)}\n${nextCode(device)}\n`,
    });
  }
  return devices;
};

/** Starts {@link ./bare.ts}; its port. */
const startBare = async (scratch: Scratch): Promise<number> => {
  const directory = scratch.directory();
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((name) => path.join(directory, name));
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes', '-keyout', key ?? '', '-out', certificate ?? ''];
  await runToSuccess('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...subject]);
  const script = path.join(import.meta.dirname, 'bare.ts');
  const child = spawn(process.execPath, [script, certificate ?? '', key ?? '', path.join(directory, 'written')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  scratch.atEnd(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return Number(String(line));
};

const measureKeys = async (
  contest: Contest,
  {
    instance,
    client,
    keys,
  }: { readonly instance: DevInstance; readonly client: ApiClient; readonly keys: readonly PlayedKey[] },
  connections: number,
): Promise<Measured> => {
  const rate = connections === 1 ? REQUESTS_PER_SECOND.alone : REQUESTS_PER_SECOND.ours;
  const requests = validationRequests(keys, client, rate * (contest.seconds + WARM_UP_SECONDS), true);
  const settings = { port: portOf(instance.https), tls: true, keepsConnections: true, connections, good: 'status=OK' };
  return allRight(await load(contest, settings, requests, cpuOf(instance)));
};

const cpuOf = (instance: DevInstance) => (): number =>
  instance.footprint('keep').cpuMs + instance.footprint('gate').cpuMs;

const measureYubiserver = async (
  contest: Contest,
  { port, client, cpuMs }: Yubiserver,
  keys: readonly PlayedKey[],
  connections: number,
): Promise<Measured> => {
  const count = REQUESTS_PER_SECOND.yubiserver * (contest.seconds + WARM_UP_SECONDS);
  const requests = validationRequests(keys, client, count, false);
  return await load(
    contest,
    { port, tls: false, keepsConnections: false, connections, good: 'status=OK' },
    requests,
    cpuMs,
  );
};

const summaryOf = (rounds: readonly Measured[]) => ({
  perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
  cpuMs: median(rounds.map(({ serverUs }) => serverUs)) / 1_000,
  wrongShare: median(rounds.map(({ wrong, answers }) => wrong / answers)),
});

const residentOf = (instance: DevInstance) => ({
  keep: instance.footprint('keep').residentBytes,
  gate: instance.footprint('gate').residentBytes,
});

const run = async (scratch: Scratch, many: number, rounds: number, seconds: number) => {
  const contest: Contest = { scratch, seconds };
  const prepare = async (size: number) => {
    const instance = await startDevInstance(scratch);
    const keys = playKeys(size);
    await importKeys(scratch, instance, keys);
    return { instance, keys, client: await addClient(instance) };
  };
  const [few, manyKeys] = [await prepare(FEW_KEYS), await prepare(many)];
  const devices = await addDevices(few.instance);
  const token = (await few.instance.run(['token', 'create', 'bench', '--grant', 'hotp.verify:**'])).trim();
  const theirKeys = playKeys(FEW_KEYS);
  const yubiserver = await startYubiserver(scratch, theirKeys);
  const barePort = await startBare(scratch);
  const bareRequest = [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')];
  const bareSettings = {
    port: barePort,
    tls: true,
    keepsConnections: true,
    connections: 1,
    good: 'status=OK',
    mayRepeat: true,
  };
  const hotp = async (connections: number): Promise<Measured> => {
    const requests = hotpRequests(devices, token, REQUESTS_PER_SECOND.ours * (seconds + WARM_UP_SECONDS));
    const settings = {
      port: portOf(few.instance.https),
      tls: true,
      keepsConnections: true,
      connections,
      good: ' 200 ',
    };
    // Of two codes of one device that overtake each other the older one is refused, as it has to be.
    return await load(contest, settings, requests, cpuOf(few.instance));
  };
  const measured = await interleave(rounds, {
    bareAlone: () => load(contest, bareSettings, bareRequest, () => 0),
    oursAlone: () => measureKeys(contest, few, 1),
    ours: () => measureKeys(contest, few, AT_ONCE),
    oursMany: () => measureKeys(contest, manyKeys, AT_ONCE),
    // Each device is asked by one connection only if there are as many of them.
    hotp: () => hotp(Math.min(AT_ONCE, DEVICES)),
    yubiserverAlone: () => measureYubiserver(contest, yubiserver, theirKeys, 1),
    yubiserver: () => measureYubiserver(contest, yubiserver, theirKeys, AT_ONCE),
  });
  return {
    ...{ few: FEW_KEYS, many, atOnce: AT_ONCE, rounds },
    bareAlone: summaryOf(measured.bareAlone),
    oursAlone: summaryOf(measured.oursAlone),
    ours: summaryOf(measured.ours),
    oursMany: summaryOf(measured.oursMany),
    hotp: summaryOf(measured.hotp),
    yubiserverAlone: summaryOf(measured.yubiserverAlone),
    yubiserver: summaryOf(measured.yubiserver),
    resident: { few: residentOf(few.instance), many: residentOf(manyKeys.instance) },
  };
};

const show = (result: Awaited<ReturnType<typeof run>>): string => {
  const line = (name: string, { perSecond, p50Ms, p99Ms, cpuMs, wrongShare }: ReturnType<typeof summaryOf>): string =>
    `  ${name.padEnd(44)} ${perSecond.toFixed(0).padStart(6)} /s   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(1)} ms   ${
      cpuMs === 0 ? '' : `${cpuMs.toFixed(3)} ms of processor time`
    }${wrongShare === 0 ? '' : `, ${(100 * wrongShare).toFixed(0)} % refused`}`;
  const { few, many, atOnce, ours, oursAlone, oursMany, bareAlone, hotp, yubiserver, yubiserverAlone, resident } =
    result;
  const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(0);
  return [
    'verifications of one-time codes, each durable before it is answered',
    line('a durable write and an answer over TLS, alone', bareAlone),
    line(`YubiKeys, ${few} keys, 1 at once`, oursAlone),
    line(`YubiKeys, ${few} keys, ${atOnce} at once`, ours),
    line(`YubiKeys, ${many} keys, ${atOnce} at once`, oursMany),
    line(`by counter, through the API, ${atOnce} at once`, hotp),
    line(`Debian's yubiserver, ${few} keys, 1 at once`, yubiserverAlone),
    line(`Debian's yubiserver, ${few} keys, ${atOnce} at once`, yubiserver),
    `  p50 at 1: ${(oursAlone.p50Ms / bareAlone.p50Ms).toFixed(2)} x the write and the answer alone (target 2)`,
    `  processor time: ${(yubiserver.cpuMs / ours.cpuMs).toFixed(1)} times less than yubiserver, ${ours.cpuMs.toFixed(3)} ms (target 0.25)`,
    `  with ${many} keys: ${((100 * oursMany.perSecond) / ours.perSecond).toFixed(0)} % of the rate with ${few}`,
    `  resident MB, keep and gate: ${megabytes(resident.few.keep)} and ${megabytes(resident.few.gate)} with ${few}, ` +
      `${megabytes(resident.many.keep)} and ${megabytes(resident.many.gate)} with ${many}`,
    '',
  ].join('\n');
};

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    keys: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
  },
});
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  await using scratch = new Scratch();
  const isQuick = values.quick === true;
  const many = Number(values.keys ?? (isQuick ? 10_000 : 100_000));
  const [rounds, seconds] = isQuick ? [1, 2] : [Number(values.rounds), Number(values.seconds)];
  const result = await run(scratch, many, rounds, seconds);
  process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : show(result));
}

// Measures the keyring beside Debian's python3-keyutils, @napi-rs/keyring and keyctl, and the command and the git helper beside the
// bare start of Node.js, in one run with interleaved rounds, and prints ratios.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keyctl } from '@chatelaine/keyring';
import { fingerprintOf, makeMaterial, publicKeyIn, SealedStore } from '@chatelaine/keyring/sealed';
import { keyctlPairs, napiPairs, ownPairs, ownPairsInTurn, pythonPairs } from './pairs.ts';
import { Starts } from './starts.ts';

const HELP = `usage: node bench/keyring/bench.ts [--seconds N] [--rounds N] [--quick] [--json]

Secrets set and got a second of processor time, beside Python's bindings, another package and keyctl; sealed gets; starts of processes.

  --seconds N  time of each measurement, 0.1 to 10 (0.5)
  --rounds N   interleaved rounds, of which the median counts, 1 to 21 (7)
  --quick      one round of 0.1 seconds
  --json       one JSON document on stdout, words on stderr
  --help       this text
`;

const SIZES = [16, 4_096] as const;
const STARTS_A_ROUND = 4;
const ENTRIES_IN_TURN = 50;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const openSealedStore = (): SealedStore => {
  const passPhrase = Buffer.from('bench');
  const material = makeMaterial(passPhrase, { logN: 4, r: 8, p: 1 });
  const store = new SealedStore({ pin: fingerprintOf(publicKeyIn(material)) });
  store.initialise(material);
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  return store;
};

const sealedRate = (seconds: number, once: () => void): number => {
  const startMs = performance.now();
  let done = 0;
  for (; performance.now() - startMs < seconds * 1_000; done++) once();
  return (done / (performance.now() - startMs)) * 1_000;
};

/** One round, which calls `record` with what was measured. */
const measureRound = (seconds: number, starts: Starts, record: (name: string, value: number) => void): void => {
  keyctl.joinSessionKeyring();
  for (const size of SIZES) {
    record(`own ${size}`, ownPairs(size, seconds));
    record(`python ${size}`, pythonPairs(size, seconds));
    record(`napi ${size}`, napiPairs(size, seconds));
    record(`keyctl ${size}`, keyctlPairs(size, seconds / 2));
  }
  starts.prepare();
  for (let start = 0; start < STARTS_A_ROUND; start++) {
    record('node', starts.node());
    record('get', starts.get());
    record('fill cache', starts.fill('cache'));
    record('fill', starts.fill('chatelaine'));
  }
  // In sessions of their own: the more keys there are, the longer the kernel takes to tell their times.
  for (const size of SIZES) {
    keyctl.joinSessionKeyring();
    record(`in turn ${size}`, ownPairsInTurn(size, seconds, ENTRIES_IN_TURN));
  }
  keyctl.joinSessionKeyring();
  const sealed = openSealedStore();
  const secret = Buffer.alloc(16, 1);
  const set = (): void => sealed.setPassword('bench', 'sealed', secret);
  const get = (): void => void sealed.getPassword('bench', 'sealed')?.fill(0);
  record('sealed set', sealedRate(seconds, set));
  record('sealed get', sealedRate(seconds, get));
};

const run = (seconds: number, rounds: number, home: string) => {
  const all = new Map<string, number[]>();
  const starts = new Starts(home);
  try {
    for (let round = -1; round < rounds; round++) {
      measureRound(seconds, starts, (name, value) => {
        // The first round warms up.
        if (round >= 0) all.set(name, [...(all.get(name) ?? []), value]);
      });
    }
  } finally {
    starts.end();
  }
  return (name: string): number => median(all.get(name) ?? []);
};

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '0.5' },
    rounds: { type: 'string', default: '7' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seconds = values.quick ? 0.1 : Number(values.seconds);
const rounds = values.quick ? 1 : Number(values.rounds);

const report = (figure: (name: string) => number) => {
  const pairs = SIZES.map((sizeBytes) => {
    const [own, inTurn] = [figure(`own ${sizeBytes}`), figure(`in turn ${sizeBytes}`)];
    const [python, napi, command] = [
      figure(`python ${sizeBytes}`),
      figure(`napi ${sizeBytes}`),
      figure(`keyctl ${sizeBytes}`),
    ];
    return { sizeBytes, own, inTurn, python, napi, keyctl: command, toPython: own / python, toNapi: own / napi };
  });
  const sealed = { setPerSecond: figure('sealed set'), getPerSecond: figure('sealed get') };
  const [nodeMs, getMs, cacheMs, fillMs] = [figure('node'), figure('get'), figure('fill cache'), figure('fill')];
  const cold = { nodeMs, getMs, overNodeMs: getMs - nodeMs };
  return { pairs, sealed, cold, git: { cacheMs, fillMs, toCacheAndNode: fillMs / (cacheMs + nodeMs) } };
};

const words = ({ pairs, sealed, cold, git }: ReturnType<typeof report>): string => {
  const rows = pairs.map(
    ({ sizeBytes, own, inTurn, python, napi, keyctl: command, toPython, toNapi }) =>
      `${sizeBytes} B set and got: ${own.toFixed(0)}/s (${ENTRIES_IN_TURN} entries in turn ${inTurn.toFixed(0)}/s), ` +
      `Python ${python.toFixed(0)}/s (x ${toPython.toFixed(2)}), @napi-rs/keyring ${napi.toFixed(0)}/s ` +
      `(x ${toNapi.toFixed(2)}), keyctl ${command.toFixed(0)}/s\n`,
  );
  return (
    rows.join('') +
    `sealed: get ${sealed.getPerSecond.toFixed(0)}/s, set ${sealed.setPerSecond.toFixed(0)}/s\n` +
    `chatelaine keyring get: ${cold.getMs.toFixed(1)} ms, ${cold.overNodeMs.toFixed(1)} over bare Node.js\n` +
    `git credential fill: ${git.fillMs.toFixed(1)} ms, git's cache ${git.cacheMs.toFixed(1)} + Node.js ` +
    `${cold.nodeMs.toFixed(1)} ms (x ${git.toCacheAndNode.toFixed(2)})\n`
  );
};

if (values.help) process.stdout.write(HELP);
else if (!(seconds >= 0.1 && seconds <= 10 && Number.isInteger(rounds) && rounds >= 1 && rounds <= 21)) {
  process.stderr.write(`--seconds is from 0.1 to 10, --rounds a whole number from 1 to 21\n${HELP}`);
  process.exitCode = 2;
} else {
  const home = mkdtempSync(join(tmpdir(), 'chatelaine-bench-keyring-'));
  try {
    const result = report(run(seconds, rounds, home));
    process.stdout.write(values.json ? `${JSON.stringify({ seconds, rounds, ...result })}\n` : words(result));
  } finally {
    rmSync(home, { recursive: true });
  }
}

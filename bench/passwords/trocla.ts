// Measures our trocla beside Ruby's in one run, each as a whole cold process, in turns: getting an existing key among 10 and among
// 100,000 in Ruby's own YAML store, and creating one. What a bare start of the runtime takes is printed beside.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `Usage: node bench/passwords/trocla.ts [--rounds N] [--quick] [--dir DIR] [--json]
  --rounds N  rounds of each measurement, 3 to 1000 (15)
  --quick     three rounds, and without the original's create among 100,000 keys
  --dir DIR   directory for the stores (the temporary directory)
  --json      one JSON object instead of lines
`;

const root = path.join(import.meta.dirname, '..', '..');
const commands = { ours: path.join(root, 'bin', 'trocla'), ruby: '/usr/bin/trocla' };

/** What has to be reached: our time as a part of Ruby's. */
const targets: Readonly<Record<string, number>> = { 'get among 10': 0.45, 'get among 100000': 0.03 };

const writeStores = (directory: string): void => {
  for (const size of [10, 100_000]) {
    const script =
      'require "yaml"; h = {}; ARGV[1].to_i.times { |i| h["key#{i}"] = {"plain" => "pW#{i}CR}Dd6M+jDWc]}", "mysql" => "*32644DB8FE416CD6FD8E82168AB99245ED23A060"} }; File.write(ARGV[0], h.to_yaml)';
    const file = path.join(directory, `${size}.yaml`);
    const made = spawnSync('ruby', ['-e', script, file, String(size)], { stdio: 'inherit' });
    if (made.status !== 0) throw new Error('Ruby could not write a store: scripts/setup --peers');
    writeFileSync(
      path.join(directory, `${size}.rc`),
      `store_options:\n  adapter: :YAML\n  adapter_options:\n    :file: ${file}\n`,
    );
  }
};

/** Milliseconds of one process from its start to its end. */
const time = (program: string, args: readonly string[], expected?: RegExp): number => {
  const beginMs = performance.now();
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  const elapsedMs = performance.now() - beginMs;
  if (status !== 0 || (expected && !expected.test(stdout))) throw new Error(`${program} ${args.join(' ')} failed`);
  return elapsedMs;
};

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

interface Row {
  readonly name: string;
  readonly oursMs: number;
  readonly rubyMs?: number;
}

const measureGets = (directory: string, size: number, rounds: number): Row => {
  const args = ['-c', path.join(directory, `${size}.rc`), 'get', `key${size - 1}`, 'mysql'];
  const times: Record<keyof typeof commands, number[]> = { ours: [], ruby: [] };
  time(commands.ours, args);
  for (let round = 0; round < rounds; round++) {
    for (const side of ['ruby', 'ours'] as const) times[side].push(time(commands[side], args, /^\*32644/));
  }
  return { name: `get among ${size}`, oursMs: median(times.ours), rubyMs: median(times.ruby) };
};

const measureCreates = (directory: string, rounds: number, withRuby: boolean): Row => {
  const config = path.join(directory, '100000.rc');
  const create = (program: string, key: string) =>
    time(program, ['-c', config, 'create', key, 'mysql'], /^\*[0-9A-F]{40}\n$/);
  const ours = Array.from({ length: rounds }, (_, round) => create(commands.ours, `new${round}`));
  return {
    name: 'create among 100000',
    oursMs: median(ours),
    ...(withRuby && { rubyMs: create(commands.ruby, 'ruby') }),
  };
};

const lineOf = ({ name, oursMs, rubyMs }: Row): string => {
  const beside =
    rubyMs === undefined ? '' : `   ruby ${rubyMs.toFixed(1).padStart(9)} ms   ${(oursMs / rubyMs).toFixed(4)} × ruby`;
  const target = targets[name] === undefined ? '' : ` (at most ${targets[name]})`;
  return `${name.padEnd(22)}${oursMs.toFixed(1).padStart(8)} ms${beside}${target}\n`;
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    quick: { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 3 : Number(values.rounds);
if (values.help) process.stdout.write(HELP);
else if (!(rounds >= 3 && rounds <= 1_000)) {
  process.stderr.write(`--rounds is a number from 3 to 1000\n${HELP}`);
  process.exitCode = 2;
} else {
  const directory = mkdtempSync(path.join(values.dir, 'chatelaine-bench-trocla-'));
  try {
    writeStores(directory);
    const bare = Array.from({ length: rounds }, () => time(process.execPath, ['-e', '0']));
    const rows: readonly Row[] = [
      measureGets(directory, 10, rounds),
      measureGets(directory, 100_000, rounds),
      measureCreates(directory, rounds, !values.quick),
      { name: 'bare runtime', oursMs: median(bare) },
    ];
    if (values.json) process.stdout.write(`${JSON.stringify({ rounds, rows, targets })}\n`);
    else for (const row of rows) process.stdout.write(lineOf(row));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

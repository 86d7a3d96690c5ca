// A running server with many records: how many fetches it serves while its keys are rotated, beside undisturbed ones in the same run,
// and how long a rotation, a backup, the check of a backup and a restore take.

import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runToSuccess } from '../../test/support/run-program.ts';
import { Scratch } from '../../test/support/scratch.ts';
import { makeFleet } from '../mandos/fleet.ts';
import { buildPrograms, type Load } from '../mandos/load.ts';
import { median } from '../mandos/rounds.ts';
import { startChatelaine } from '../mandos/start-chatelaine.ts';

const HELP = `usage: node bench/vault/large-store.ts [--machines N] [--rounds N] [--json]

Fetches a second while root and data keys are rotated, beside undisturbed; seconds for backup, check and restore.

  --machines N   each is four records (25000)
  --rounds N     rotations, of which the median counts (3)
  --json         one JSON document on stdout
  --help         this text
`;

const RECORDS_A_MACHINE = 4;
const FETCHES = 1_500;
const AT_ONCE = 16;
const chatelaine = path.join(import.meta.dirname, '..', '..', 'bin', 'chatelaine');

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
};

const run = async (scratch: Scratch, machines: number, rounds: number) => {
  const fleet = makeFleet(machines, Math.min(machines, 5_000));
  const programs = await buildPrograms(scratch);
  const instance = await startChatelaine(scratch, fleet);
  const load: Load = programs.loadOf(fleet);
  const fetchSome = async (): Promise<number> =>
    (await load(instance.mandosPort, { fetches: FETCHES, atOnce: AT_ONCE })).perSecond;
  await fetchSome();
  const all: Record<'undisturbed' | 'rotating' | 'rotationSeconds' | 'alone', number[]> = {
    ...{ undisturbed: [], rotating: [], rotationSeconds: [], alone: [] },
  };
  for (let round = 0; round < rounds; round++) {
    all.undisturbed.push(await fetchSome());
    let isOver = false;
    const rates: number[] = [];
    const seconds = timed(() => instance.run(['rotate'], { patienceMs: 600_000 })).then((taken) => {
      isOver = true;
      return taken;
    });
    while (!isOver) rates.push(await fetchSome());
    all.rotationSeconds.push(await seconds);
    // The last one was disturbed only in part.
    all.rotating.push(median(rates.length > 1 ? rates.slice(0, -1) : rates));
    all.alone.push(await timed(() => instance.run(['rotate'], { patienceMs: 600_000 })));
  }
  const directory = scratch.directory();
  const backup = path.join(directory, 'backup.db');
  const keyFile = path.join(instance.dir, 'unseal.key');
  const backupSeconds = await timed(() => instance.run(['backup', backup], { patienceMs: 300_000 }));
  const patience = { patienceMs: 300_000 };
  const checkSeconds = await timed(() =>
    runToSuccess(chatelaine, ['backup', 'check', backup, '--key-file', keyFile], patience),
  );
  const to = path.join(directory, 'restored');
  const restoreSeconds = await timed(() =>
    runToSuccess(chatelaine, ['restore', backup, '--to', to, '--yes', '--key-file', keyFile], patience),
  );
  const [undisturbed, rotating] = [median(all.undisturbed), median(all.rotating)];
  return {
    ...{ machines, records: machines * RECORDS_A_MACHINE, backupBytes: statSync(backup).size },
    ...{ undisturbedPerSecond: undisturbed, rotatingPerSecond: rotating, share: rotating / undisturbed },
    ...{ rotationSeconds: median(all.rotationSeconds), rotationAloneSeconds: median(all.alone) },
    ...{ backupSeconds, checkSeconds, restoreSeconds },
  };
};

const { values } = parseArgs({
  options: {
    machines: { type: 'string', default: '25000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [machines, rounds] = [Number(values.machines), Number(values.rounds)];
if (values.help) process.stdout.write(HELP);
else if (!(machines >= 1 && machines <= 1_000_000 && rounds >= 1 && rounds <= 9)) {
  process.stderr.write(HELP);
  process.exitCode = 2;
} else {
  await using scratch = new Scratch();
  const figures = await run(scratch, machines, rounds);
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else {
    for (const [name, value] of Object.entries(figures)) {
      process.stdout.write(`${name.padEnd(22)} ${Number.isInteger(value) ? value : value.toFixed(2)}\n`);
    }
  }
}

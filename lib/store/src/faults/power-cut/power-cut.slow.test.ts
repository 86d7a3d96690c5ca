// The power is cut at every boundary of a store's life, and again in the life that goes on after a cut. The real store opens
// every disk that can be left. CHATELAINE_POWER_CUTS asks for more cuts than here, all of them recorded anew and of another seed.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkCut, layFiles } from './check-cut.ts';
import { type Cut, cutEverywhere, seededBelow } from './cut-everywhere.ts';
import { type DiskRecording, recordDisk } from './record-disk.ts';

/** Of the cuts. */
const LONG_LIFE_SHARE = 0.06;
const PER_BOUNDARY = 4;
const program = fileURLToPath(new URL('./live-through-changes.ts', import.meta.url));
const wanted = Number(process.env['CHATELAINE_POWER_CUTS'] ?? 5_600);
const seed = Number(process.env['CHATELAINE_SEED'] ?? Date.now() % 1_000_000);
/** Short lives, each on the disk that a cut in the one before has left; then a long one. */
const SHORT_LIVES = Math.max(4, Math.ceil(wanted / 1_500));

const recordLife = (directory: string, life: number, isLong: boolean): Promise<DiskRecording> =>
  recordDisk(directory, program, [join(directory, 'store.db'), String(life), isLong ? 'long' : 'short']);

/** Lays what one of the cuts leaves, somewhere after the store was made and with a log; gives what had been told by then. */
const layOneCut = (directory: string, recording: DiskRecording, life: number): readonly string[] => {
  const candidates = function* (): Generator<Cut> {
    for (const cut of cutEverywhere(recording, { perBoundary: 2, most: 1_000, seed: seed + life })) {
      if (cut.told.includes('open') && (cut.files.get('store.db-wal')?.length ?? 0) > 0) yield cut;
    }
  };
  const chosen = seededBelow(seed + life)([...candidates()].length);
  let index = 0;
  for (const { files, told } of candidates()) {
    if (index++ < chosen) continue;
    // Copies were checked; the next life makes its own.
    layFiles(directory, new Map([...files].filter(([name]) => !name.includes('-copy-'))));
    return told.filter((line) => !line.startsWith('copy '));
  }
  throw new Error('the recording has no log');
};

const checkLife = async (
  directory: string,
  recording: DiskRecording,
  before: readonly string[],
  most: number,
): Promise<number> => {
  let cuts = 0;
  for (const cut of cutEverywhere(recording, { perBoundary: PER_BOUNDARY, most, seed })) {
    try {
      await checkCut(directory, { ...cut, told: [...before, ...cut.told] });
    } catch (error) {
      throw new Error(`a power cut ${cut.place}`, { cause: error });
    }
    cuts++;
  }
  return cuts;
};

/** In memory where there is some: what is written is checked at once. */
const scratch = (t: TestContext): string => {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chatelaine-power-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  t.diagnostic(`seed ${seed}`);
  return directory;
};

it('loses nothing that was answered and doubles nothing, wherever the power is cut, also in what follows a cut', async (t) => {
  const directory = scratch(t);
  mkdirSync(join(directory, 'life-0'));
  let before: readonly string[] = [];
  let cuts = 0;
  for (let life = 0; life <= SHORT_LIVES; life++) {
    const isLong = life === SHORT_LIVES;
    const share = isLong ? LONG_LIFE_SHARE : (1 - LONG_LIFE_SHARE) / SHORT_LIVES;
    const recording = await recordLife(join(directory, `life-${life}`), life, isLong);
    cuts += await checkLife(join(directory, 'cut'), recording, before, Math.ceil(wanted * share));
    before = [...before, ...layOneCut(join(directory, `life-${life + 1}`), recording, life)];
  }
  t.diagnostic(`${cuts} power cuts`);
  assert.ok(cuts >= wanted - SHORT_LIVES - 1);
});

it('finds what a disk loses that says it has synced the log and has not', async (t) => {
  const directory = scratch(t);
  const place = join(directory, 'life-0');
  mkdirSync(place);
  const { start, events } = await recordLife(place, 0, false);
  const log = events.findIndex(
    (event) => event.kind === 'names' && event.changes.some(([name]) => name === 'store.db-wal'),
  );
  const named = events[log];
  const file = named?.kind === 'names' ? named.changes[0]?.[1] : undefined;
  assert.notEqual(file, undefined);
  const lying = events.filter((event) => event.kind !== 'sync' || event.file !== file);
  let found = 0;
  for (const cut of cutEverywhere({ start, events: lying }, { perBoundary: 2, most: 200, seed })) {
    await checkCut(join(directory, 'cut'), cut).catch(() => found++);
  }
  t.diagnostic(`${found} of 200 cuts found it`);
  assert.ok(found > 10);
});

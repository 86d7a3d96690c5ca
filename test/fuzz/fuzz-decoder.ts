// Fuzzes one decoder: inputs that a grammar makes, changed in the ways that break decoders, and every input that ever broke one.
// A decoder may take an input or refuse it in the way it declares; it must not throw anything else, take long, or keep memory.
//
// What broke a decoder is printed in base64. It goes into corpus/<name>.txt, a line each, and is tried first for ever.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { mutate, type Random, seededRandom } from './mutate.ts';

/** Each decoder gets so many; `scripts/test --long fuzz` asks for more. */
const wanted = Number(process.env['CHATELAINE_FUZZ_INPUTS'] ?? 200_000);
const seed = Number(process.env['CHATELAINE_SEED'] ?? Date.now() % 1_000_000);

/** Inputs made by the grammar; each is changed many times. */
const SAMPLES = 2_000;
/** Processor time of one input, hundreds of times what the slowest decoder takes. */
const MAX_INPUT_CPU_MS = 2_000;
const BATCH = 500;
/** What may be left of all inputs but the first quarter: compiled code and the like. */
const MAX_GROWTH_BYTES = 8e6;

export interface Decoder {
  readonly name: string;
  /** Inputs in form, or nearly. */
  readonly grammar: fc.Arbitrary<Uint8Array>;
  /** Words that mean something to the decoder, put in and exchanged for each other. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Takes an input to the end. True: it was in form. */
  readonly decode: (input: Buffer) => boolean;
  /** Every so many inputs one, for what takes a thousand times as long as others; 1 if absent. */
  readonly oneIn?: number;
  /** What may be thrown for an input that is not in form; nothing, if absent. */
  readonly refusals?: readonly (abstract new (
    ...args: never[]
  ) => Error)[];
}

const keptInputs = (name: string): readonly Buffer[] => {
  const file = path.join(import.meta.dirname, 'corpus', `${name}.txt`);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Buffer.from(line, 'base64'));
};

/** What is in use once the collector, which frees bytes outside the heap beside the program, has had time for it. */
const usedBytes = async (): Promise<number> => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Infinity;
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await pause(20);
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
};

const cpuMs = (): number => process.cpuUsage().user / 1_000;

class Fuzz {
  readonly #decoder: Decoder;
  inForm = 0;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  try(input: Buffer): void {
    const before = Buffer.from(input);
    try {
      if (this.#decoder.decode(input)) this.inForm++;
    } catch (error) {
      if (this.#decoder.refusals?.some((refusal) => error instanceof refusal)) return;
      throw new Error(`seed ${seed}, input ${before.toString('base64')}`, { cause: error });
    }
  }

  /** Tries many; looks for a slow one among them only if they were slow together. */
  tryAll(batch: readonly Buffer[]): void {
    const start = cpuMs();
    for (const input of batch) this.try(Buffer.from(input));
    if (cpuMs() - start < MAX_INPUT_CPU_MS) return;
    for (const input of batch) {
      const startOfOne = cpuMs();
      this.try(Buffer.from(input));
      assert.ok(
        cpuMs() - startOfOne < MAX_INPUT_CPU_MS,
        `seed ${seed}: slow: ${input.toString('base64').slice(0, 2_000)}`,
      );
    }
  }
}

const nextBatch = (samples: readonly Buffer[], words: readonly Buffer[], random: Random, from: number): Buffer[] =>
  Array.from({ length: BATCH }, (_, index) => {
    const sample = samples[(from + index) % samples.length] as Buffer;
    // One in twenty stays as the grammar made it.
    return random.below(20) === 0 ? sample : mutate(sample, samples, words, random);
  });

/** Declares the test of one decoder. */
export const fuzzDecoder = (decoder: Decoder): void => {
  const inputs = Math.ceil(wanted / (decoder.oneIn ?? 1));
  test(`${decoder.name}: ${inputs} inputs are taken or refused in the way it declares, soon, and leave nothing`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = seededRandom(seed);
    const words = (decoder.words ?? []).map((word) => Buffer.from(word as string));
    const fuzz = new Fuzz(decoder);
    const kept = keptInputs(decoder.name);
    fuzz.tryAll(kept);
    const samples = [
      ...fc
        .sample(decoder.grammar, { numRuns: SAMPLES, seed })
        .map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
      ...kept,
    ];
    fuzz.tryAll(samples);
    assert.ok(fuzz.inForm > 0, 'the grammar makes inputs that are in form');
    const quarter = Math.floor(inputs / 4 / BATCH) * BATCH;
    let usedEarly = 0;
    for (let done = 0; done < inputs; done += BATCH) {
      if (done === quarter) usedEarly = await usedBytes();
      fuzz.tryAll(nextBatch(samples, words, random, done));
    }
    const grown = (await usedBytes()) - usedEarly;
    t.diagnostic(`${fuzz.inForm} in form`);
    assert.ok(grown < MAX_GROWTH_BYTES, `${grown} bytes are left`);
  });
};

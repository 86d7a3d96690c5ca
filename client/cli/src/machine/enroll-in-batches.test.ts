import assert from 'node:assert/strict';
import test from 'node:test';
import { type Client, machines, ok, refuse } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { enrollInBatches, inBatches } from './enroll-in-batches.ts';
import { newSettingsOf } from './settings-options.ts';

const machine = (name: string, secretBytes = 100): machines.NewMachine => ({
  name,
  secret: new Uint8Array(secretBytes),
  enabled: true,
  settings: newSettingsOf(name),
});

const fleet = (count: number): machines.NewMachine[] => Array.from({ length: count }, (_, at) => machine(`m${at}`));

/** Answers each enrolment; refuses the batch that has a machine of that name. */
const clientRefusing = (name?: string): { client: Client; batches: string[][] } => {
  const batches: string[][] = [];
  const call = async (_: unknown, input: { readonly machines: readonly machines.NewMachine[] }) => {
    const names = input.machines.map((entry) => entry.name);
    const at = names.indexOf(name ?? '');
    if (at >= 0) return refuse('already-exists', { field: `machines.${at}.name`, message: 'is enrolled already' });
    batches.push(names);
    return ok({ enrolled: names, replaced: [] });
  };
  return { client: { call } as unknown as Client, batches };
};

test('every machine is in exactly one batch, in order, and no batch is over the limit', () => {
  const all = fleet(100);
  const batches = inBatches(all);
  assert.deepEqual(batches.flat(), all);
  assert.ok(batches.every((batch) => batch.length <= machines.MAX_ENROLLED_AT_ONCE));
});

test('large secrets make small batches', () => {
  const batches = inBatches(Array.from({ length: 5 }, (_, at) => machine(`m${at}`, 262_144)));
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [1, 1, 1, 1, 1],
  );
});

test('a refusal names the machine, says how far it went, and stops there', async () => {
  const { client, batches } = clientRefusing('m40');
  const before = 40 - (40 % machines.MAX_ENROLLED_AT_ONCE);
  await assert.rejects(enrollInBatches(client, fleet(100), false), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(
      error.message,
      `m40: That name or key is taken: is enrolled already. ${before} machines before it were imported.`,
    );
    assert.match(error.hint ?? '', /--replace/);
    return true;
  });
  assert.equal(batches.flat().length, before);
});

test('nothing at all needs no batch', async () => {
  const { client, batches } = clientRefusing();
  assert.deepEqual(await enrollInBatches(client, [], false), { enrolled: [], replaced: [] });
  assert.deepEqual(batches, []);
});

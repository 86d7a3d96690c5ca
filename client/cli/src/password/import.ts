// `chatelaine password import --trocla FILE`: takes over the store that a Trocla configuration names. First it says what it will do;
// at the end every key is compared with what was read.

import { randomUUID } from 'node:crypto';
import { type Client, type OutputOf, passwords } from '@chatelaine/contract';
import type { ExitName } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { Progress } from '../terminal/progress.ts';
import { batchesOf } from './batches.ts';
import { type ImportPlan, planImport, wipePlan } from './import-plan.ts';
import { withTroclaStore } from './trocla-store.ts';

export interface ImportOptions extends GlobalOptions {
  readonly trocla: string;
  readonly check?: boolean;
  readonly replace?: boolean;
  readonly verifyAll?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

type Found = OutputOf<typeof passwords.compare>['found'][number];

const SHOWN_REMARKS = 50;
const DEADLINE_MS = 120_000;

const readPlan = (options: ImportOptions): Promise<ImportPlan> => {
  const progress = new Progress();
  return withTroclaStore(options.trocla, (store) =>
    planImport(store, {
      nowUnixMs: Date.now(),
      verifiesSlowOnes: options.verifyAll === true,
      progress: (done, total) => progress.show(() => `${done} of ${total} keys read`),
    }),
  ).finally(() => progress.end());
};

const compareAll = async (client: Client, keys: readonly passwords.WholeKey[]): Promise<ReadonlyMap<string, Found>> => {
  const progress = new Progress();
  const found = new Map<string, Found>();
  for (const batch of batchesOf(keys)) {
    const answer = answerOf(await client.call(passwords.compare, { keys: batch }, { deadlineMs: DEADLINE_MS }));
    for (const [at, { key }] of batch.entries()) found.set(key, answer.found[at] ?? 'absent');
    progress.show(() => `${found.size} of ${keys.length} keys compared`);
  }
  progress.end();
  return found;
};

const countOf = (found: ReadonlyMap<string, Found>, kind: Found): number =>
  [...found.values()].filter((each) => each === kind).length;

const sayPlan = ({ remarks, verified }: ImportPlan, found: ReadonlyMap<string, Found>): void => {
  for (const { key, kind, message } of remarks.slice(0, SHOWN_REMARKS)) {
    say(printable(`${kind === 'left-out' ? 'left out' : 'note'}: ${key}: ${message}`));
  }
  if (remarks.length > SHOWN_REMARKS) say(`… and ${remarks.length - SHOWN_REMARKS} more; --json lists them all`);
  const [absent, same, different] = (['absent', 'same', 'different'] as const).map((kind) => countOf(found, kind));
  say(`${absent} new, ${same} here already, ${different} here with other values; ${verified} hashes verified.`);
};

const store = async (client: Client, keys: readonly passwords.WholeKey[], replace: boolean): Promise<void> => {
  const progress = new Progress();
  let done = 0;
  for (const batch of batchesOf(keys)) {
    const call = { requestId: randomUUID(), deadlineMs: DEADLINE_MS };
    answerOf(await client.call(passwords.importKeys, { keys: batch, replace }, call));
    done += batch.length;
    progress.show(() => `${done} of ${keys.length} keys stored`);
  }
  progress.end();
};

const verifyArrival = async (client: Client, keys: readonly passwords.WholeKey[]): Promise<void> => {
  const after = await compareAll(client, keys);
  const wrong = [...after].filter(([, found]) => found !== 'same').map(([key]) => key);
  if (wrong.length === 0) return;
  const named = printable(wrong.slice(0, 5).join(', '));
  throw new Failure('refused', `${wrong.length} keys are not here as they were read: ${named}.`, 'Import again.');
};

export const importPasswords = (options: ImportOptions): Promise<ExitName> =>
  askKeep(options, async (client) => {
    const plan = await readPlan(options);
    try {
      const found = await compareAll(client, plan.keys);
      const replace = options.replace === true;
      const wanted = plan.keys.filter(({ key }) => {
        const kind = found.get(key);
        return kind === 'absent' || (kind === 'different' && replace);
      });
      const blocked = countOf(found, 'different') > 0 && !replace;
      if (options.json !== true) sayPlan(plan, found);
      if (options.check !== true && wanted.length > 0) {
        if (blocked) say('Keys that are here with other values stay as they are; --replace puts them in their place.');
        await confirm(`Take over ${wanted.length} keys?`, options.yes === true);
        await store(client, wanted, replace);
        await verifyArrival(client, wanted);
        say(`${wanted.length} keys were taken over, and each is here as it was read.`);
      }
      if (options.json === true) {
        await printJson({
          ...{ stored: options.check === true ? 0 : wanted.length, wanted: wanted.length },
          found: Object.fromEntries(found),
          remarks: plan.remarks,
          verified: plan.verified,
        });
      }
      return blocked ? 'refused' : 'done';
    } finally {
      wipePlan(plan);
    }
  });

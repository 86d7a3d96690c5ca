// `chatelaine otp import --ksm | --ykval | --clients`: keys and clients of Yubico's servers. The whole file is read and compared with
// what is there before anything is changed; no new key of it counts before all of it is there.

import { randomBytes, randomUUID } from 'node:crypto';
import { type Client, type Refused, type Result, yubiotp } from '@chatelaine/contract';
import { Failure } from '../../failure.ts';
import { askKeep } from '../../instance/ask-keep.ts';
import { answerOf, failureOf } from '../../refused-answer.ts';
import { confirm } from '../../terminal/confirm.ts';
import { printJson, say } from '../../terminal/output.ts';
import { Progress } from '../../terminal/progress.ts';
import { readSecretFile, readStdin } from '../../terminal/secret-input.ts';
import { askForSecret, type ImportOptions, refuseFaults } from '../import/import.ts';
import { type Fault, TokenError } from '../import/token.ts';
import { type Line, linesOf } from './fields.ts';
import { type BroughtKey, KEY_FILE_FIELDS, readKeyLine, wipeKey } from './key-file.ts';
import { type OpenedFile, openFile, type SealedFileOptions } from './open-file.ts';
import { type BroughtClient, CLIENT_FIELDS, readClientLine, readStateLine, STATE_FIELDS } from './server-files.ts';

export interface YubicoImportOptions extends ImportOptions, SealedFileOptions {
  readonly ksm?: string;
  readonly ykval?: string;
  readonly clients?: string;
}

const LARGEST_FILE_BYTES = 512 * 1_048_576;
const DEADLINE_MS = 120_000;
const BATCHES_AT_ONCE = 16;

/** One kind of file: how its lines are read and sent. */
interface FileKind<Item> {
  /** Of its items, in a sentence. */
  readonly name: string;
  readonly fields: number;
  readonly hasComments: boolean;
  readonly read: (line: Line) => Item;
  /** By which an item stands in the file only once. */
  readonly idOf: (item: Item) => string;
  readonly wipe: (item: Item) => void;
}

interface Counts {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
}

const keysOf = (read: (line: Line) => BroughtKey, fields: number, hasComments: boolean): FileKind<BroughtKey> => ({
  ...{ name: 'keys', fields, hasComments, read, wipe: wipeKey },
  idOf: ({ publicId }) => publicId,
});

const clientKind: FileKind<BroughtClient> = {
  ...{ name: 'clients', fields: CLIENT_FIELDS, hasComments: false, read: readClientLine },
  idOf: ({ id }) => String(id),
  wipe: ({ secret }) => void secret.fill(0),
};

/** An item and its line. */
interface Place<Item> {
  readonly where: string;
  readonly item: Item;
}

function* itemsOf<Item>(file: Buffer, kind: FileKind<Item>): Generator<Place<Item>> {
  for (const line of linesOf(file, kind.fields, kind.hasComments)) yield { where: line.where, item: kind.read(line) };
}

/** Reads everything once, and says of every wrong line what is wrong; the number of items. */
const checkFile = <Item>(file: Buffer, kind: FileKind<Item>): number => {
  const faults: Fault[] = [];
  const seen = new Map<string, string>();
  let count = 0;
  for (const line of linesOf(file, kind.fields, kind.hasComments)) {
    count++;
    try {
      const item = kind.read(line);
      const id = kind.idOf(item);
      const before = seen.get(id);
      if (before !== undefined) faults.push({ where: line.where, message: `${id} stands in ${before} already` });
      else seen.set(id, line.where);
      kind.wipe(item);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      faults.push({ where: line.where, message: error.message });
    }
  }
  refuseFaults(faults, count);
  return count;
};

/** What refuses a batch, with the line of the file. */
const faultOf = (refused: Refused, places: readonly string[]): Failure => {
  const at = /^(?:keys|clients)\.([0-9]+)\./.exec(refused.field ?? '')?.[1];
  const where = at === undefined ? undefined : places[Number(at)];
  if (where === undefined) return failureOf(refused);
  return new Failure('input', `${where}: its id ${refused.message ?? 'cannot be taken over'}; nothing was changed.`);
};

/** Goes through the file in batches, some of them at once; what each did is added up. A refusal names the line. */
const inBatches = async <Item>(
  file: Buffer,
  kind: FileKind<Item>,
  send: (items: readonly Item[]) => Promise<Result<Counts>>,
  onProgress: (done: number) => void,
): Promise<Counts> => {
  const counts = { added: 0, changed: 0, unchanged: 0 };
  const underWay = new Set<Promise<void>>();
  let done = 0;
  const sendBatch = async (batch: readonly Place<Item>[]): Promise<void> => {
    const sent = await send(batch.map(({ item }) => item));
    for (const { item } of batch) kind.wipe(item);
    if (sent.kind === 'refused') {
      const places = batch.map(({ where }) => where);
      throw faultOf(sent, places);
    }
    for (const name of ['added', 'changed', 'unchanged'] as const) counts[name] += sent.value[name];
    done += batch.length;
    onProgress(done);
  };
  let failure: Error | undefined;
  const begin = async (batch: readonly Place<Item>[]): Promise<void> => {
    const sending = sendBatch(batch)
      .catch((error: Error) => {
        failure ??= error;
      })
      .finally(() => underWay.delete(sending));
    underWay.add(sending);
    if (underWay.size >= BATCHES_AT_ONCE) await Promise.race(underWay);
  };
  let batch: Place<Item>[] = [];
  for (const one of itemsOf(file, kind)) {
    batch.push(one);
    if (batch.length < yubiotp.MAX_BROUGHT_AT_ONCE) continue;
    await begin(batch);
    batch = [];
    if (failure !== undefined) break;
  }
  if (batch.length > 0) await begin(batch);
  await Promise.all(underWay);
  if (failure !== undefined) throw failure;
  return counts;
};

const call = () => ({ requestId: randomUUID(), deadlineMs: DEADLINE_MS });

const withProgress = async <T>(words: string, work: (show: (done: number) => void) => Promise<T>): Promise<T> => {
  const progress = new Progress();
  try {
    return await work((done) => progress.show(() => `${done} ${words}`));
  } finally {
    progress.end();
  }
};

const sayCounts = ({ added, changed, unchanged }: Counts, name: string): void =>
  say(`${added} new ${name}, ${changed} changed, ${unchanged} that are there as they are.`);

interface Plan {
  readonly count: number;
  readonly options: YubicoImportOptions;
  readonly file: Buffer;
}

const finish = async (counts: Counts, options: YubicoImportOptions): Promise<void> => {
  if (options.json === true) await printJson(counts);
};

const importKeys = async (
  client: Client,
  kind: FileKind<BroughtKey>,
  { count, options, file }: Plan,
): Promise<void> => {
  const id = randomBytes(16).toString('hex');
  const compare = (keys: readonly BroughtKey[]) =>
    client.call(yubiotp.checkKeys, { import: id, keys: [...keys] }, { deadlineMs: DEADLINE_MS });
  const found = await withProgress(`of ${count} keys compared`, (show) => inBatches(file, kind, compare, show));
  sayCounts(found, kind.name);
  if (options.check === true || found.added + found.changed === 0) return await finish(found, options);
  await confirm(`Take over ${found.added + found.changed} keys?`, options.yes === true);
  const bring = (keys: readonly BroughtKey[]) =>
    client.call(yubiotp.bringKeys, { import: id, keys: [...keys] }, call());
  const done = await withProgress(`of ${count} keys taken over`, (show) => inBatches(file, kind, bring, show));
  answerOf(await client.call(yubiotp.completeImport, { import: id }, call()));
  say('They are taken over, and count from now on.');
  await finish(done, options);
};

const importClients = async (client: Client, { count, options, file }: Plan): Promise<void> => {
  if (options.check === true) return say(`${count} clients; one whose id is there already is left as it is.`);
  await confirm(`Take over ${count} clients?`, options.yes === true);
  const bring = async (clients: readonly BroughtClient[]): Promise<Result<Counts>> => {
    const brought = await client.call(yubiotp.bringClients, { clients: [...clients] }, call());
    if (brought.kind === 'refused') return brought;
    const { added, kept } = brought.value;
    return { kind: 'ok', value: { added, changed: 0, unchanged: kept.length } };
  };
  const done = await withProgress(`of ${count} clients`, (show) => inBatches(file, clientKind, bring, show));
  sayCounts(done, 'clients');
  await finish(done, options);
};

const open = async (options: YubicoImportOptions): Promise<OpenedFile> => {
  const { ksm, ykval, clients, pskc, otpauth } = options;
  const [path, ...more] = [ksm, ykval, clients, pskc, otpauth].filter((each) => each !== undefined);
  if (path === undefined || more.length > 0) {
    throw new Failure('usage', 'Name one of --pskc, --otpauth, --ksm, --ykval and --clients.');
  }
  const file =
    path === '-' ? await readStdin('The file', LARGEST_FILE_BYTES) : await readSecretFile(path, LARGEST_FILE_BYTES);
  return await openFile(file, options, () => askForSecret('pass-phrase', options));
};

/** Imports a file of Yubico's servers. */
export const importYubico = async (options: YubicoImportOptions): Promise<void> => {
  const { bytes: file, creator } = await open(options);
  try {
    const isClients = options.clients !== undefined;
    const kind =
      options.ksm === undefined
        ? keysOf(readStateLine, STATE_FIELDS, false)
        : keysOf((line) => readKeyLine(line, creator), KEY_FILE_FIELDS, true);
    const count = isClients ? checkFile(file, clientKind) : checkFile(file, kind);
    if (count === 0) return say('There is nothing in the file.');
    if (creator !== '') say(`note: signed by ${creator}`);
    await askKeep(options, (client) => {
      const plan = { count, options, file };
      return isClients ? importClients(client, plan) : importKeys(client, kind, plan);
    });
    if (options.ksm !== undefined && options.check !== true) {
      say(
        'note: a key whose counters are not taken over too, with --ykval, takes any code that it ever made once more.',
      );
    }
  } finally {
    file.fill(0);
  }
};

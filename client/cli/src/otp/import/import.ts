// `chatelaine otp import`: takes over credentials from a file of another system. First everything is read and compared with what is
// there; with anything wrong nothing is changed. Then it goes to the keep in pieces, none of which counts before the last is there.

import { randomBytes, randomUUID } from 'node:crypto';
import { aes, type Client, hotp, totp, users } from '@chatelaine/contract';
import { Failure } from '../../failure.ts';
import { askKeep } from '../../instance/ask-keep.ts';
import type { GlobalOptions } from '../../instance/config-file.ts';
import { answerOf } from '../../refused-answer.ts';
import { confirm } from '../../terminal/confirm.ts';
import { print, printJson, say } from '../../terminal/output.ts';
import { printable } from '../../terminal/printable.ts';
import { Progress } from '../../terminal/progress.ts';
import { askSecret, readSecretFile, readStdin } from '../../terminal/secret-input.ts';
import { formatTable, terminalWidth } from '../../terminal/table.ts';
import { allPages } from '../all-pages.ts';
import { listCredentials } from '../list-credentials.ts';
import { type House, type Planned, parseUserMap, planImport } from './plan-import.ts';
import { readOtpauthList } from './read-otpauth-list.ts';
import { type Fault, type ReadTokens, TokenError, wipeTokens } from './token.ts';

export interface ImportOptions extends GlobalOptions {
  readonly pskc?: string;
  readonly otpauth?: string;
  readonly users?: string;
  readonly secretFile?: string;
  readonly check?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const LARGEST_FILE_BYTES = 64 * 1_048_576;
const SHOWN_FAULTS = 50;
const DEADLINE_MS = 120_000;
/** As an enrolment has them, unless it is told otherwise. */
const [WINDOW, LOOK_AHEAD] = [1, 10];

const readFile = (path: string): Promise<Buffer> =>
  path === '-' ? readStdin('The file', LARGEST_FILE_BYTES) : readSecretFile(path, LARGEST_FILE_BYTES);

const secretNames = { 'pass-phrase': 'pass phrase', 'pre-shared': 'pre-shared key' } as const;

/** The pass phrase of a file, or its pre-shared key; the caller wipes it. */
export const askForSecret = async (kind: keyof typeof secretNames, { secretFile }: ImportOptions): Promise<Buffer> => {
  if (secretFile !== undefined) {
    const secret = await readSecretFile(secretFile);
    const end = secret.at(-1) === 0x0a ? secret.length - 1 : secret.length;
    return secret.subarray(0, end);
  }
  if (process.stdin.isTTY) return await askSecret({ name: secretNames[kind], isNew: false });
  throw new Failure(
    'usage',
    `The file is encrypted; its ${secretNames[kind]} is missing.`,
    'Give it with --secret-file.',
  );
};

const readTokens = async (options: ImportOptions): Promise<ReadTokens> => {
  const { pskc, otpauth } = options;
  const path = pskc ?? otpauth;
  if (path === undefined || (pskc !== undefined && otpauth !== undefined)) {
    throw new Failure('usage', 'Name one of --pskc, --otpauth, --ksm, --ykval and --clients.');
  }
  const file = await readFile(path);
  try {
    if (pskc === undefined) return readOtpauthList(file);
    const { parseContainer, readContainer } = await import('../pskc/read-pskc.ts');
    const container = parseContainer(file);
    const { kind } = container.method;
    return readContainer(container, kind === 'none' ? undefined : await askForSecret(kind, options), Date.now());
  } catch (error) {
    if (error instanceof TokenError) throw new Failure('input', `The file cannot be read: ${error.message}.`);
    throw error;
  } finally {
    file.fill(0);
  }
};

const readUserMap = async (path: string | undefined): Promise<ReadonlyMap<string, string>> => {
  if (path === undefined) return new Map();
  const { byId, faults } = parseUserMap((await readSecretFile(path, LARGEST_FILE_BYTES)).toString('utf8'));
  refuseFaults(faults, byId.size + faults.length);
  return byId;
};

/** With any fault, nothing is done. Throws {@link Failure}. */
export const refuseFaults = (faults: readonly Fault[], total: number): void => {
  if (faults.length === 0) return;
  for (const { where, message } of faults.slice(0, SHOWN_FAULTS)) say(printable(`${where}: ${message}`));
  if (faults.length > SHOWN_FAULTS) say(`… and ${faults.length - SHOWN_FAULTS} more`);
  throw new Failure('input', `${faults.length} of ${total} are wrong; nothing was changed.`);
};

const lookAround = async (client: Client): Promise<House> => {
  const names = await allPages<string>(async (page) => {
    const listed = await client.call(users.list, page);
    if (listed.kind === 'refused') return listed;
    return { kind: 'ok', value: { items: listed.value.users.map(({ name }) => name), cursor: listed.value.cursor } };
  });
  return { users: new Set(names), credentials: await listCredentials(client, undefined) };
};

function* batchesOf(planned: readonly Planned[]): Generator<readonly Planned[]> {
  for (const kind of ['totp', 'hotp'] as const) {
    const some = planned.filter((one) => one.kind === kind);
    for (let at = 0; at < some.length; at += totp.MAX_IMPORTED_AT_ONCE) {
      yield some.slice(at, at + totp.MAX_IMPORTED_AT_ONCE);
    }
  }
}

const send = async (client: Client, id: string, batch: readonly Planned[]): Promise<void> => {
  const common = ({ user, name, seed, digits, algorithm }: Planned) => ({
    user,
    credential: name,
    seed,
    digits,
    algorithm,
  });
  const call = { requestId: randomUUID(), deadlineMs: DEADLINE_MS };
  if (batch[0]?.kind === 'totp') {
    const credentials = batch.map((one) => ({ ...common(one), periodSeconds: one.periodSeconds, window: WINDOW }));
    answerOf(await client.call(totp.bring, { import: id, credentials }, call));
  } else {
    const credentials = batch.map((one) => ({ ...common(one), counter: one.counter, lookAhead: LOOK_AHEAD }));
    answerOf(await client.call(hotp.bring, { import: id, credentials }, call));
  }
};

const takeOver = async (client: Client, planned: readonly Planned[]): Promise<void> => {
  const progress = new Progress();
  const id = randomBytes(16).toString('hex');
  let done = 0;
  try {
    for (const batch of batchesOf(planned)) {
      await send(client, id, batch);
      done += batch.length;
      progress.show(() => `${done} of ${planned.length} credentials taken over`);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      error.exit,
      error.message,
      'Nothing of it counts. Import it again; what is there of it will be replaced.',
    );
  } finally {
    progress.end();
  }
  answerOf(await client.call(aes.completeImport, { import: id }, { requestId: randomUUID(), deadlineMs: DEADLINE_MS }));
};

const showPlan = async (planned: readonly Planned[]): Promise<void> => {
  const columns = [{ title: 'USER' }, { title: 'KIND' }, { title: 'CREDENTIAL' }, { title: 'FROM', isFlexible: true }];
  const rows = planned.map(({ user, kind, name, where }) => [user, kind, name, where]);
  if (rows.length > 0) await print(formatTable(columns, rows, terminalWidth()));
};

const sayPlan = (planned: readonly Planned[], notes: readonly string[]): void => {
  for (const note of notes) say(`note: ${note}`);
  const [byTime, byCounter] = (['totp', 'hotp'] as const).map(
    (kind) => planned.filter((one) => one.kind === kind).length,
  );
  const people = new Set(planned.map(({ user }) => user)).size;
  say(`${byTime} credentials by time and ${byCounter} by counter, of ${people} users.`);
};

export const importCredentials = async (options: ImportOptions): Promise<void> => {
  const read = await readTokens(options);
  try {
    const byId = await readUserMap(options.users);
    await askKeep(options, async (client) => {
      const { planned, faults } = planImport(read, byId, await lookAround(client));
      refuseFaults(faults, read.tokens.length + read.faults.length);
      const isDry = options.check === true;
      if (options.json !== true) {
        sayPlan(planned, read.notes);
        if (isDry) await showPlan(planned);
      }
      if (!isDry && planned.length > 0) {
        await confirm(`Take over ${planned.length} credentials?`, options.yes === true);
        await takeOver(client, planned);
        say(`${planned.length} credentials were taken over, and count from now on.`);
      }
      if (options.json === true) {
        const credentials = planned.map(({ user, kind, name, where }) => ({
          user,
          kind,
          credential: name,
          from: where,
        }));
        await printJson({ imported: isDry ? 0 : planned.length, credentials });
      }
    });
  } finally {
    wipeTokens(read);
  }
};

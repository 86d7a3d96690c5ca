// What an import will do, key by key: what it takes over, what it leaves out and why. Values are decrypted on the way, and hashes that
// can be are verified against the password beside them: the only proof that nothing was mangled before it came here.

import { checkInput, passwords } from '@chatelaine/contract';
import { formats } from '@chatelaine/password-hash';
import { type PasswordRecord, type PasswordStore, PasswordStoreError } from '@chatelaine/passwords';

/** Something that people have to know of a key. */
interface Remark {
  readonly key: string;
  readonly kind: 'left-out' | 'does-not-match';
  readonly message: string;
}

export interface ImportPlan {
  /** To be wiped by whoever asked. */
  readonly keys: readonly passwords.WholeKey[];
  readonly remarks: readonly Remark[];
  /** Hashes that belong to the password beside them. */
  readonly verified: number;
}

export interface PlanOptions {
  readonly nowUnixMs: number;
  /** Whether hashes are verified that take long. */
  readonly verifiesSlowOnes: boolean;
  readonly progress: (done: number, total: number) => void;
}

const wholeKeyOf = (store: PasswordStore, key: string, { values, expiry }: PasswordRecord): passwords.WholeKey => ({
  key,
  values: [...values].map(([format, stored]) => ({ format, value: store.openValue(stored) })),
  ...(expiry !== undefined && { expiry: { ...expiry } }),
});

/** Why the keep would not take it. */
const objection = (whole: passwords.WholeKey): string | undefined => {
  if (whole.values.length === 0) return 'no format is stored';
  const checked = checkInput(passwords.compare, { keys: [whole] });
  if (checked.kind === 'ok') return undefined;
  const field = (checked.field ?? '').replace(/^keys\.0\.?/, '');
  return `${field}${field === '' ? '' : ' '}${checked.message ?? 'is wrong'}`;
};

type Check = 'match' | 'mismatch' | 'unknown';

const check = async (plain: Uint8Array, name: string, value: Uint8Array, slow: boolean): Promise<Check> => {
  const format = formats.get(name.toLowerCase());
  if (format?.verify === undefined || name === 'plain' || (format.isSlow && !slow)) return 'unknown';
  const { kind } = await format.verify(plain, value);
  return kind === 'refused' ? 'unknown' : kind;
};

const mismatches = async (
  whole: passwords.WholeKey,
  slow: boolean,
): Promise<{ readonly wrong: readonly string[]; readonly verified: number }> => {
  const plain = whole.values.find(({ format }) => format === 'plain')?.value;
  const wrong: string[] = [];
  let verified = 0;
  if (plain === undefined) return { wrong, verified };
  for (const { format, value } of whole.values) {
    const outcome = await check(plain, format, value, slow);
    if (outcome === 'match') verified++;
    if (outcome === 'mismatch') wrong.push(format);
  }
  return { wrong, verified };
};

/** Reads a whole store. Throws `PasswordStoreError` if nothing of it can be read. */
export const planImport = async (store: PasswordStore, options: PlanOptions): Promise<ImportPlan> => {
  const records = await store.readAll();
  const keys: passwords.WholeKey[] = [];
  const remarks: Remark[] = [];
  let verified = 0;
  let done = 0;
  const leaveOut = (key: string, message: string): void => void remarks.push({ key, kind: 'left-out', message });
  for (const [key, record] of records) {
    options.progress(++done, records.size);
    if (record instanceof PasswordStoreError) {
      leaveOut(key, record.message);
      continue;
    }
    const { atUnixMs } = record.expiry ?? {};
    if (atUnixMs !== undefined && atUnixMs <= options.nowUnixMs) {
      leaveOut(key, 'has expired');
      continue;
    }
    const whole = wholeKeyOf(store, key, record);
    const wrong = objection(whole);
    if (wrong !== undefined) {
      leaveOut(key, wrong);
      continue;
    }
    const checked = await mismatches(whole, options.verifiesSlowOnes);
    verified += checked.verified;
    for (const format of checked.wrong) {
      remarks.push({
        key,
        kind: 'does-not-match',
        message: `its ${format} is not of its password, and is kept as it is`,
      });
    }
    keys.push(whole);
  }
  return { keys, remarks, verified };
};

/** Zeroes every value. */
export const wipePlan = ({ keys }: ImportPlan): void => {
  for (const { values } of keys) for (const { value } of values) value.fill(0);
};

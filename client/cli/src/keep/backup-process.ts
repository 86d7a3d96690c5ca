// Has the keep's program look into a backup, and put it into place once somebody said so. It runs by itself: no keep has to
// be there. Frames go in, lines of JSON come out; server/keep/src/restore-keep.ts says which.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { explainRefusal, type Refused } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { startHouseChild } from '../house/house-process.ts';
import { Progress } from '../terminal/progress.ts';
import type { GivenSecret } from './slot-options.ts';

/** What a backup turned out to be. */
export interface BackupReport {
  readonly storeId: string;
  readonly purpose: string;
  readonly rootKeyId: string;
  readonly createdAtUnixMs: number;
  readonly epoch: number;
  readonly revision: number;
  readonly slots: readonly { readonly id: string; readonly kind: string; readonly label: string }[];
  readonly damagedSlots: number;
  readonly openedBy: string;
  readonly newestAtUnixMs: number;
  readonly records: Readonly<Record<string, number>>;
  readonly auditRecords: number;
  readonly isListed: boolean;
}

/** What a restore did. */
export interface Restored {
  readonly directory: string;
  readonly anchor: string;
  readonly epoch: { readonly number: number };
  /** Where the store lies that was there before. */
  readonly replaced?: string;
}

type Line =
  | { readonly kind: 'progress'; readonly records: number; readonly auditRecords: number }
  | ({ readonly kind: 'report' } & BackupReport)
  | ({ readonly kind: 'restored' } & Restored)
  | Refused;

const frameOf = (part: Buffer): readonly Buffer[] => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return [length, part];
};

/** A refusal in words that fit a backup. */
const failureOf = (refused: Refused): Failure => {
  const { text, hint } = explainRefusal(refused);
  const { code, message = '' } = refused;
  switch (code) {
    case 'invalid-input':
      return new Failure(
        'usage',
        `${refused.field === 'share' ? 'The shares do not open it' : refused.field}: ${message}.`,
      );
    case 'busy':
      return new Failure('refused', 'The keep has the store open; nothing was changed.', 'Stop it first.');
    case 'rolled-back':
      return new Failure(
        'refused',
        `It is older than the store that is there: ${message}.`,
        'What came after it would be lost. If that is meant, say --older.',
      );
    case 'damaged':
      return new Failure('refused', `It is no good backup: ${message}.`, 'Take another one; nothing was changed.');
    case 'wrong-key':
      return new Failure(
        'refused',
        text,
        'Try another pass phrase, key file or other shares that the backup was made with.',
      );
    default:
      return new Failure('refused', text, hint);
  }
};

/**
 * Runs the keep's program on a backup.
 *
 * @param confirm gets the report; a restore goes on when it resolves, and changes nothing if it throws
 */
export const openBackup = async (
  args: readonly string[],
  { kind, parts }: GivenSecret,
  confirm: (report: BackupReport) => Promise<void>,
): Promise<Restored | undefined> => {
  const child = startHouseChild('keep', [...args, '--slot', kind], ['pipe', 'pipe', 2]);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('standard input and output are pipes');
  const ended = once(child, 'close') as Promise<[number | null]>;
  // It may end without reading everything; its exit code says why.
  stdin.on('error', () => undefined);
  for (const part of [...parts.flatMap(frameOf), Buffer.alloc(4)]) stdin.write(part);
  const progress = new Progress();
  let restored: Restored | undefined;
  let hasReport = false;
  try {
    for await (const text of createInterface({ input: stdout })) {
      const line = JSON.parse(text) as Line;
      if (line.kind === 'progress') {
        progress.show(() => `${line.records} records and ${line.auditRecords} audit records are good`);
        continue;
      }
      progress.end();
      if (line.kind === 'refused') {
        throw failureOf(line);
      }
      if (line.kind === 'restored') restored = line;
      else {
        hasReport = true;
        await confirm(line);
        stdin.write('y');
      }
    }
  } finally {
    progress.end();
    stdin.end();
  }
  const [code] = await ended;
  if (code !== 0 || !hasReport) throw new Failure('input', 'The backup was not taken; the reason is above.');
  return restored;
};

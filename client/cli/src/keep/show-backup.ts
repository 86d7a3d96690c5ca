// A backup in words.

import { formatMoment } from '../terminal/moment.ts';
import { printable } from '../terminal/printable.ts';
import type { BackupReport } from './backup-process.ts';

const UNLISTED = 'not known: it was made while the keep was sealed, or by an earlier version';

/** What it is, line by line. */
export const describeBackup = (report: BackupReport): readonly string[] => {
  const { storeId, revision, epoch, slots, openedBy, isListed, records, auditRecords, damagedSlots } = report;
  const opener = slots.find(({ id }) => id === openedBy);
  const counts = Object.entries(records).map(([collection, count]) => `${count} ${collection}`);
  const lines: readonly (readonly [label: string, text: string | undefined])[] = [
    ['store', `${storeId}, revision ${revision}${epoch === 0 ? '' : `, restored ${epoch} times`}`],
    ['purpose', report.purpose],
    ['root key', report.rootKeyId],
    ['made', formatMoment(report.createdAtUnixMs)],
    ['newest', formatMoment(report.newestAtUnixMs)],
    ['records', `${counts.length === 0 ? 'none' : counts.join(', ')}; each opens`],
    ['audit', `${auditRecords} records, the chain is intact`],
    ['complete', isListed ? 'nothing was taken out of it' : UNLISTED],
    ['opened', `with key slot ${openedBy}: ${opener?.kind ?? ''} ${opener?.label ?? ''}`.trim()],
    ['slots', slots.map(({ kind, label }) => `${kind}${label === '' ? '' : ` "${label}"`}`).join(', ')],
    ['damaged', damagedSlots === 0 ? undefined : `${damagedSlots} key slots cannot be read`],
  ];
  return lines.flatMap(([label, text]) => (text === undefined ? [] : [`${label.padEnd(9)} ${printable(text)}`]));
};

// Strangers cannot fill the disk: refusals of peers that proved nothing are counted per minute, reason and source, and
// one record a minute tells the sum. A known subject's first refusals in a minute are recorded singly, the rest counted.

import type { AuditRecord } from './audit-record.ts';

const MAX_ROWS = 1_000;
const SINGLE_RECORDS_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

interface Row {
  readonly record: AuditRecord;
  count: number;
}

/** The network a source address belongs to: /24 of IPv4, /48 of IPv6, so that a row stands for a neighbourhood. */
export const sourcePrefix = (address: string): string => {
  const v4 = /(?:^|:)(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(address);
  if (v4?.[1] !== undefined) return `${v4[1]}.0/24`;
  const head = address.split('%')[0] ?? '';
  const [before = '', after] = head.split('::');
  const groups = before === '' ? [] : before.split(':');
  const full = after === undefined ? groups : [...groups, ...Array(Math.max(0, 3 - groups.length)).fill('0')];
  return full.length === 0 ? 'unknown' : `${full.slice(0, 3).join(':')}::/48`;
};

export class RefusalTally {
  readonly #rows = new Map<string, Row>();
  #minute = 0;

  /** Whether this refusal of a known subject is to be recorded singly; if not, it was counted. */
  admits(record: AuditRecord): boolean {
    this.#turn(record.atUnixMs);
    const key = `known ${record.operation} ${record.object} ${record.code}`;
    const row = this.#rows.get(key);
    if (row === undefined) {
      if (this.#rows.size >= MAX_ROWS) return this.#overflow(record);
      this.#rows.set(key, { record: { ...record, facts: [] }, count: 0 });
      return true;
    }
    row.count++;
    return row.count < SINGLE_RECORDS_PER_MINUTE;
  }

  /** Counts the refusal of a stranger. */
  count(record: AuditRecord, source: string): void {
    this.#turn(record.atUnixMs);
    const prefix = sourcePrefix(source);
    const key = `stranger ${record.operation} ${record.code} ${prefix}`;
    const row = this.#rows.get(key);
    if (row !== undefined) row.count++;
    else if (this.#rows.size >= MAX_ROWS) this.#overflow(record);
    else {
      const facts = [{ name: 'source', value: prefix, assurance: 'asserted' as const }];
      this.#rows.set(key, { record: { ...record, object: '', facts }, count: 1 });
    }
  }

  /** Takes the rows of minutes that are over (all of them with `everything`), as records ready to be written. */
  take(nowUnixMs: number, everything = false): AuditRecord[] {
    if (!everything && Math.floor(nowUnixMs / MINUTE_MS) === this.#minute) return [];
    const records = [...this.#rows.entries()]
      .map(([key, row]) => ({
        row,
        counted: key.startsWith('known') ? row.count - SINGLE_RECORDS_PER_MINUTE + 1 : row.count,
      }))
      .filter(({ counted }) => counted > 0)
      .map(({ row, counted }): AuditRecord => ({ ...row.record, decision: 'counted', count: counted }));
    this.#rows.clear();
    return records;
  }

  #turn(nowUnixMs: number): void {
    if (this.#rows.size === 0) this.#minute = Math.floor(nowUnixMs / MINUTE_MS);
  }

  #overflow(record: AuditRecord): boolean {
    const key = `overflow ${record.operation}`;
    const row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, { record: { ...record, object: '', facts: [] }, count: 1 });
    else row.count++;
    return false;
  }
}

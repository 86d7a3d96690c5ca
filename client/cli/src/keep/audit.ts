// `chatelaine audit …`: the record of what was decided and changed.

import { audit, type OutputOf } from '@chatelaine/contract';
import type { ExitName } from '../exit-codes.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf, failureOf } from '../refused-answer.ts';
import { formatMoment } from '../terminal/moment.ts';
import { JsonArrayPrinter, print, printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { Progress } from '../terminal/progress.ts';

const PAGE = 500;

/** One record as one line. */
export const formatRecord = (record: audit.AuditRecordView): string => {
  const reason = [record.code, record.condition].filter((part) => part !== undefined).join(', ');
  const facts = record.facts.map(
    ({ name, value, assurance }) => `${name}=${value}${assurance === 'asserted' ? '?' : ''}`,
  );
  const parts = [
    String(record.sequence),
    formatMoment(record.atUnixMs),
    record.who,
    record.operation,
    record.object === '' ? '-' : record.object,
    record.decision +
      (record.count === undefined ? '' : ` ${record.count} times`) +
      (reason === '' ? '' : ` (${reason})`),
    ...facts,
  ];
  return `${printable(parts.join('  '))}\n`;
};

export interface ListAuditOptions extends GlobalOptions {
  readonly object?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export const listAudit = (options: ListAuditOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const array = new JsonArrayPrinter();
    let before: number | undefined;
    let left = options.limit;
    do {
      const page = answerOf(
        await client.call(audit.list, {
          limit: Math.min(PAGE, left),
          ...(before !== undefined && { before }),
          ...(options.object !== undefined && { object: options.object }),
        }),
      );
      left -= page.records.length;
      before = page.next;
      if (options.json === true) await array.add(page.records);
      else await print(page.records.map(formatRecord).join(''));
    } while (before !== undefined && left > 0);
    if (options.json === true) await array.end();
  });

export const tailAudit = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const stop = new AbortController();
    const end = (): void => stop.abort();
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
    const records = await client.stream(audit.tail, {}, { signal: stop.signal });
    if ('kind' in records) throw failureOf(records);
    if (process.stderr.isTTY) say('Waiting for records; Ctrl-C ends it.');
    for await (const record of records) {
      if (options.json === true) await printJson(record);
      else await print(formatRecord(record));
    }
  });

type Verified = Exclude<OutputOf<typeof audit.verify>, { kind: 'progress' }>;

const explain = (result: Verified): string => {
  if (result.kind === 'broken') {
    const place = `record ${result.sequence} of lane ${result.lane}`;
    return `The audit chain is broken at ${place}: ${result.fault}. ${result.explanation}`;
  }
  const rest = result.records - result.anchored;
  const beyond = rest > 0 ? `; the last ${rest} are not anchored yet` : '';
  return `The audit chain is intact: ${result.records} records, complete up to record ${result.anchored}${beyond}.`;
};

export const verifyAudit = (options: GlobalOptions & { readonly json?: boolean }): Promise<ExitName> =>
  askKeep(options, async (client) => {
    const items = await client.stream(audit.verify, {});
    if ('kind' in items) throw failureOf(items);
    const progress = new Progress();
    let result: Verified | undefined;
    for await (const item of items) {
      if (item.kind === 'progress') progress.show(() => `${item.checked} of ${item.total} records`);
      else result = item;
    }
    progress.end();
    if (result === undefined) throw failureOf({ kind: 'refused', code: 'unavailable' });
    if (options.json === true) await printJson(result);
    else await print(`${printable(explain(result))}\n`);
    return result.kind === 'intact' ? 'done' : 'refused';
  });

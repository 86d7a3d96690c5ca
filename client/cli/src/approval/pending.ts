// `chatelaine pending`: the requests that wait for a person.

import { machines } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { describeCodeRule } from '../machine/describe-approval.ts';
import { answerOf } from '../refused-answer.ts';
import { formatRoughSpan } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';
import { shortIds } from './find-request.ts';

const describeVotes = ({ required, approvers, approvedBy, codeOf, codeGivenBy }: machines.PendingRequest): string => {
  // While a code is missing, it may be all that is waited for.
  if (required === undefined) return codeOf !== undefined && codeGivenBy === undefined ? '' : 'any administrator';
  const missing = approvers.filter((name) => !approvedBy.includes(name));
  const done = approvedBy.length === 0 ? '' : ` (${approvedBy.join(', ')})`;
  return `${approvedBy.length} of ${required}${done}, still ${missing.join(', ')}`;
};

const describeCode = ({ codeOf, codeGivenBy }: machines.PendingRequest): string => {
  if (codeOf === undefined) return '';
  return codeGivenBy === undefined ? `a code of ${describeCodeRule(codeOf)}` : `code given by ${codeGivenBy}`;
};

/** Who has to decide or to give a code, and how far it is. */
export const describeWaiting = (request: machines.PendingRequest): string =>
  [describeVotes(request), describeCode(request)].filter((part) => part !== '').join('; ');

const columns = [
  { title: 'REQUEST' },
  { title: 'MACHINE', isFlexible: true },
  { title: 'FROM', isFlexible: true },
  { title: 'LEFT' },
  { title: 'THEN' },
  { title: 'WAITS FOR', isFlexible: true },
];

export const listPending = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const answer = answerOf(await client.call(machines.pending, {}));
    if (options.json === true) return await printJson(answer);
    if (answer.requests.length === 0) return say('Nothing waits for a person.');
    const requests = answer.requests.toSorted((a, b) => a.untilUnixMs - b.untilUnixMs);
    const ids = shortIds(requests);
    const now = Date.now();
    const rows = requests.map((request) => [
      ids.get(request.requestId) ?? request.requestId,
      request.name,
      request.address,
      formatRoughSpan(request.untilUnixMs - now),
      request.releasedAtEnd ? 'released' : 'refused',
      describeWaiting(request),
    ]);
    await print(formatTable(columns, rows, terminalWidth()));
  });

// Answers of the validation protocol as text: a line for each field, the signature first, an empty line last.

import { createHmac } from 'node:crypto';
import type { OutputOf, RefusalCode, yubiotp } from '@chatelaine/contract';

type Verdict = OutputOf<typeof yubiotp.validate>;

/** A verdict as it is sent. */
export const verdictText = ({ signature, fields }: Verdict): string =>
  `h=${signature}\r\n${fields.map(({ name, value }) => `${name}=${value}\r\n`).join('')}\r\n`;

/** What is said when the keep decided nothing. */
const statusOf = (code: RefusalCode): yubiotp.ValidationStatus =>
  code === 'denied' ? 'OPERATION_NOT_ALLOWED' : 'BACKEND_ERROR';

/** A refusal as it is sent: signed with the empty key, which is everybody's, since stock clients read nothing that is not signed. */
export const refusalText = (code: RefusalCode, nowUnixMs: number): string => {
  const iso = new Date(nowUnixMs).toISOString();
  const time = `${iso.slice(0, 19)}Z0${iso.slice(20, 23)}`;
  const status = statusOf(code);
  const signature = createHmac('sha1', '').update(`status=${status}&t=${time}`).digest('base64');
  return verdictText({
    signature,
    fields: [
      { name: 't', value: time },
      { name: 'status', value: status },
    ],
  });
};

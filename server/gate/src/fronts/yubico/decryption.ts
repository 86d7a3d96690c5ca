// Codes opened for validation servers that count themselves, at the path of Yubico's key storage module, in its one line. The protocol
// has no authentication: only the addresses of the settings are answered. yubikey-ksm, doc/DecryptionProtocol

import { type OutputOf, type RefusalCode, refuse, yubiotp } from '@chatelaine/contract';
import { respond, respondProblem } from '../http/answers.ts';
import { type HttpContext, type HttpServices, sourceOf } from '../http/http-context.ts';
import { formParameters } from './form-parameters.ts';
import { readForm } from './read-form.ts';

const TEXT = 'text/plain';

const errors: Partial<Record<RefusalCode, string>> = {
  'invalid-input': 'Invalid OTP format',
  'not-found': 'Unknown yubikey',
  'wrong-code': 'Corrupt OTP',
};

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const lineOf = ({ counter, use, timestamp }: OutputOf<typeof yubiotp.decrypt>): string =>
  `OK counter=${hex(counter, 4)} low=${hex(timestamp & 0xffff, 4)} high=${hex(timestamp >>> 16, 2)} use=${hex(use, 2)}\n`;

export const answerDecryption = async (context: HttpContext, services: HttpServices): Promise<Response> => {
  const { client, config } = services;
  const { method } = context.env.incoming;
  const source = sourceOf(context, config);
  if (!config.decrypt_for.includes(source)) return respondProblem(context, refuse('denied'));
  if (method !== 'GET' && method !== 'POST') {
    const refused = refuse('invalid-input', { message: 'the path has another method' });
    return respondProblem(context, refused, { status: 405, headers: { Allow: 'GET, POST' } });
  }
  const form = await readForm(context, services);
  if (form.kind === 'refused') return respondProblem(context, form);
  const otp = formParameters(form.value).find(({ name }) => name === 'otp')?.value ?? '';
  if (otp === '') return respond(context, TEXT, 'ERR No OTP provided\n');
  const input = { otp, source: { address: source } };
  const opened = await client.call(yubiotp.decrypt, input, { deadlineMs: config.answer_seconds * 1_000 });
  if (opened.kind === 'ok') return respond(context, TEXT, lineOf(opened.value));
  return respond(context, TEXT, `ERR ${errors[opened.code] ?? 'Database error'}\n`);
};

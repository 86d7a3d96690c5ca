// Yubico's validation protocol, 1.0, 1.1 and 2.0, at the paths of its reference server. The gate decodes parameters and writes
// answers; the keep checks and signs. Beside it the path of the key storage module. Validation Protocol Version 2.0,
// developers.yubico.com/yubikey-val.

import { type Ok, refuse, yubiotp } from '@chatelaine/contract';
import { respond, respondProblem } from '../http/answers.ts';
import { type HttpContext, type HttpPart, type HttpServices, sourceOf } from '../http/http-context.ts';
import type { Caller } from '../http/rate-limits.ts';
import { answerDecryption } from './decryption.ts';
import { formParameters } from './form-parameters.ts';
import { readForm } from './read-form.ts';
import { refusalText, verdictText } from './validation-answer.ts';

type Version = '1' | '2';

const TEXT = 'text/plain';
const MAX_ID_LENGTH = 16;

/** No version in the path is 1.0. */
const paths: readonly (readonly [path: string, version: Version])[] = [
  ['/wsapi/verify', '1'],
  ['/wsapi/1.0/verify', '1'],
  ['/wsapi/1.1/verify', '1'],
  ['/wsapi/2.0/verify', '2'],
];

/** A client that was answered OK at an address has an allowance of its own there. */
const callerOf = (parameters: readonly yubiotp.ValidationPair[], source: string): Caller => {
  const id = parameters.find(({ name }) => name === 'id')?.value ?? '';
  return { digest: `yubico ${id.slice(0, MAX_ID_LENGTH)} ${source}`, source };
};

const isAccepted = ({ value }: Ok<{ readonly fields: readonly yubiotp.ValidationPair[] }>): boolean =>
  value.fields.at(-1)?.value === 'OK';

const answerValidation = async (context: HttpContext, version: Version, services: HttpServices): Promise<Response> => {
  const { client, config, limits } = services;
  const { method } = context.env.incoming;
  // Who looks ahead with HEAD would spend a code.
  if (method !== 'GET' && method !== 'POST') {
    const refused = refuse('invalid-input', { message: 'the path has another method' });
    return respondProblem(context, refused, { status: 405, headers: { Allow: 'GET, POST' } });
  }
  const form = await readForm(context, services);
  if (form.kind === 'refused') return respondProblem(context, form);
  const parameters = formParameters(form.value);
  const source = sourceOf(context, config);
  const caller = callerOf(parameters, source);
  if (!limits.admits(caller)) {
    const headers = { 'Retry-After': '1' };
    return respond(context, TEXT, refusalText('too-many-requests', Date.now()), { status: 429, headers });
  }
  const input = { version, parameters, source: { address: source } };
  const result = await client.call(yubiotp.validate, input, { deadlineMs: config.answer_seconds * 1_000 });
  if (result.kind === 'refused') return respond(context, TEXT, refusalText(result.code, Date.now()));
  if (isAccepted(result)) limits.learn(caller, result);
  return respond(context, TEXT, verdictText(result.value));
};

export const validationPart: HttpPart = {
  name: 'yubico',
  add(app, services) {
    for (const [path, version] of paths) app.all(path, (context) => answerValidation(context, version, services));
    for (const path of ['/wsapi/decrypt', '/wsapi/decrypt/']) {
      app.all(path, (context) => answerDecryption(context, services));
    }
  },
};

// Refusals of the workflow and of the formats in the keep's own words. What they say of input stays behind.

import { type Refused, refuse } from '@chatelaine/contract';
import type { PasswordRefusalCode, PasswordRefused } from '@chatelaine/passwords';

type Translate = (refused: PasswordRefused) => Refused;

const wrong = (field: string, message: string): Refused => refuse('invalid-input', { field, message });

const wrongOption: Translate = ({ field, message }) =>
  wrong(field === undefined ? 'options' : `options.${field}`, message);

const wrongValue: Translate = ({ message }) => wrong('value', message);

const translations: Readonly<Record<PasswordRefusalCode, Translate>> = {
  'invalid-option': wrongOption,
  'missing-option': wrongOption,
  'empty-password': wrongOption,
  'unsupported-password': wrongValue,
  'not-this-format': wrongValue,
  'no-authority': () => wrong('options.ca', 'names no certificate authority that is stored with its key'),
  'unknown-format': () => wrong('format', 'is no format'),
  'unknown-profile': () => wrong('options.profiles', 'names a profile that is not there'),
  'no-plain': () =>
    refuse('not-found', {
      message: 'there is no password, and none may be made',
    }),
  'plain-is-gone': () => refuse('plain-is-gone'),
  contended: () => refuse('conflict'),
  busy: () => refuse('busy'),
  unavailable: ({ message }) => wrong('format', message),
};

/** A refusal of the workflow as the keep gives it. */
export const refusalOf = (refused: PasswordRefused): Refused => translations[refused.code](refused);

// Refusals are values: this writes one.

import type { FormatRefusalCode, FormatRefused } from './password-format.ts';

/** A refusal; `message` never contains input. */
export const refuse = (code: FormatRefusalCode, message: string, field?: string): FormatRefused => ({
  kind: 'refused',
  code,
  ...(field !== undefined && { field }),
  message,
});

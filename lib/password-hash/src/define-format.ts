// How a format is written down: options are checked once, here, so that a format only sees what its schema describes; and
// what is the same for most formats need not be said in each.

import type { z } from 'zod';
import type {
  Derived,
  DeriveRequest,
  FormatOptions,
  FormatRefused,
  ImportRequest,
  PasswordFormat,
  Rendered,
  Rendering,
  Verdict,
  VerifyContext,
} from './password-format.ts';
import { refuse } from './refuse.ts';
import { joinBytes } from './wipe.ts';

/** A request whose options were checked. */
export type Checked<Request, Options> = Omit<Request, 'options'> & { readonly options: Options };

/** A format as its file declares it. What is left out has the defaults of most formats. */
export interface FormatDeclaration<Schema extends z.ZodType<object>, ImportSchema extends z.ZodType<object>> {
  readonly name: string;
  readonly summary: string;
  readonly kind?: 'derived' | 'generated';
  readonly isSlow?: boolean;
  readonly isRecoverable?: boolean;
  readonly options: Schema;
  readonly renderings?: readonly Rendering[];
  readonly derive: (request: Checked<DeriveRequest, z.output<Schema>>) => Promise<Derived | FormatRefused>;
  readonly verify?: (plain: Uint8Array, stored: Uint8Array, context: VerifyContext) => Promise<Verdict>;
  /** Left out where any text will do. */
  readonly recognizes?: (stored: Uint8Array) => boolean;
  /** Is asked only about what the format recognizes. */
  readonly needsRehash?: (stored: Uint8Array, options: z.output<Schema>) => boolean;
  readonly render?: (stored: Uint8Array, flag: string | undefined) => Rendered;
  readonly import?: {
    readonly options: ImportSchema;
    readonly take: (request: Checked<ImportRequest, z.output<ImportSchema>>) => Promise<Derived | FormatRefused>;
  };
}

const showWhole = (stored: Uint8Array): Rendered => ({ kind: 'rendered', text: joinBytes(stored) });

const checkOptions = <Schema extends z.ZodType<object>>(
  schema: Schema,
  options: FormatOptions,
): { readonly kind: 'checked'; readonly options: z.output<Schema> } | FormatRefused => {
  const parsed = schema.safeParse(options);
  if (parsed.success) return { kind: 'checked', options: parsed.data };
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'options';
  const isMissing = issue?.code === 'invalid_type' && valueAt(options, issue.path) === undefined;
  return refuse(isMissing ? 'missing-option' : 'invalid-option', `${field}: ${issue?.message ?? 'not valid'}`, field);
};

const valueAt = (options: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<PropertyKey, unknown> | undefined)?.[name], options);

/** Makes a format of its declaration. */
export const defineFormat = <Schema extends z.ZodType<object>, ImportSchema extends z.ZodType<object> = Schema>(
  declaration: FormatDeclaration<Schema, ImportSchema>,
): PasswordFormat => {
  const { name, summary, options, verify, needsRehash, render, recognizes } = declaration;
  const renderings = declaration.renderings ?? [];
  const { import: importing } = declaration;
  return {
    name,
    summary,
    kind: declaration.kind ?? 'derived',
    isSlow: declaration.isSlow ?? false,
    isRecoverable: declaration.isRecoverable ?? false,
    options,
    renderings,
    async derive(request) {
      const checked = checkOptions(options, request.options);
      return checked.kind === 'refused' ? checked : declaration.derive({ ...request, options: checked.options });
    },
    ...(verify && { verify: (plain, stored, context = {}) => verify(plain, stored, context) }),
    recognizes: recognizes ?? (() => false),
    needsRehash(stored, given) {
      if (recognizes === undefined) return false;
      if (!recognizes(stored)) return true;
      const checked = checkOptions(options, given);
      return checked.kind === 'checked' && (needsRehash?.(stored, checked.options) ?? false);
    },
    render(stored, flag) {
      if (flag !== undefined && !renderings.some((rendering) => rendering.name === flag)) {
        return refuse('invalid-option', `render: ${name} has no such part`, 'render');
      }
      return (render ?? showWhole)(stored, flag);
    },
    ...(importing && {
      async import(request) {
        const checked = checkOptions(importing.options, request.options);
        return checked.kind === 'refused' ? checked : importing.take({ ...request, options: checked.options });
      },
    }),
  };
};

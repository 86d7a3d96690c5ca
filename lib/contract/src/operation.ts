// An operation is declared once. The declaration yields the types, the check of what goes in and comes out, and the
// reference page; there is no second description of an operation anywhere.

import * as z from 'zod';
import { ok, type RefusalCode, type Result, refuse } from './refusals.ts';

/** What a peer of the link is; fixed by its pre-shared key. The role bounds what it may ever ask. */
export const roles = ['admin', 'gate', 'watch', 'bus', 'courier'] as const;
export type Role = (typeof roles)[number];

/**
 * `read` changes nothing; `change` changes records, each on record; `report` tells what was seen, on record only where it
 * makes a difference; `release` hands out a secret or verdict and goes through the release decision; `stream` pushes items
 * until one side ends it.
 */
export type OperationKind = 'read' | 'change' | 'report' | 'release' | 'stream';

/** Where a public operation is found in the HTTP API. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/v1`. A field of the input stands in braces: `/machines/{name}/enable`. */
  readonly path: string;
  /** No token is asked for, since the input proves itself (a signature): the gate asks in its own name. */
  readonly isOpen?: true;
}

/** Parts of a capability, each of which can be granted alone. */
export interface CapabilityParts<Input = never> {
  /** Every part by its name, with the wider parts that include it; the capability itself includes them all. */
  readonly known: Readonly<Record<string, readonly string[]>>;
  /** The part that an input needs, or the capability itself. */
  readonly of: (input: Input) => string;
}

/** A declared operation. */
export interface Operation<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly kind: OperationKind;
  /** The only roles that may ask; no grant widens this. */
  readonly roles: readonly Role[];
  /** If public: whoever brings a credential may ask it too, through the gate, as far as their grants go. */
  readonly http?: HttpRoute;
  readonly capability: string;
  /** Absent: the capability is granted as a whole. */
  readonly parts?: CapabilityParts<z.output<Input>>;
  /** The path that grants are matched against. */
  readonly path: (input: z.output<Input>) => string;
  readonly input: Input;
  readonly output: Output;
  /** Refusals of its own, besides those that any operation may give. */
  readonly refusals: readonly RefusalCode[];
}

/** The capability that an input needs. */
export const capabilityFor = <O extends Operation>({ capability, parts }: O, input: InputOf<O>): string =>
  parts === undefined ? capability : parts.of(input as never);

/** What a caller passes. */
export type InputOf<O extends Operation> = z.output<O['input']>;

/** What a caller gets; of a stream, one item. */
export type OutputOf<O extends Operation> = z.output<O['output']>;

/** Refusals that any operation may give. */
export const commonRefusals: readonly RefusalCode[] = [
  'denied',
  'unauthenticated',
  'sealed',
  'invalid-input',
  'unknown-operation',
  'conflict',
  'cancelled',
  'deadline',
  'unavailable',
  'internal',
];

type Declared<Input extends z.ZodType, Output extends z.ZodType> = Omit<Operation<Input, Output>, 'path'> & {
  readonly path?: (input: z.output<Input>) => string;
};

/** Declares an operation; without `path` it is about nothing in particular (the empty path). */
export const defineOperation = <Input extends z.ZodType, Output extends z.ZodType>(
  declared: Declared<Input, Output>,
): Operation<Input, Output> => Object.freeze({ path: () => '', ...declared });

/** Bytes stay bytes: a `Uint8Array` of a bounded size. */
export const bytes = (limits: { readonly min?: number; readonly max: number }) =>
  z
    .custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes')
    .refine((value) => value.length >= (limits.min ?? 0), `must be at least ${limits.min ?? 0} bytes`)
    .refine((value) => value.length <= limits.max, `must be at most ${limits.max} bytes`)
    .meta({ type: 'bytes', minLength: limits.min ?? 0, maxLength: limits.max });

// Zod quotes the name of a field it does not know; a name is input too.
const describeIssue = (issue: z.core.$ZodIssue | undefined): string => {
  if (issue?.code === 'unrecognized_keys') return 'has a field that is not declared';
  return issue?.message ?? 'is wrong';
};

/** Checks an input. The refusal names the first wrong field and what is wrong, never the value. */
export const checkInput = <O extends Operation>(operation: O, input: unknown): Result<InputOf<O>> => {
  const parsed = operation.input.safeParse(input);
  if (parsed.success) return ok(parsed.data as InputOf<O>);
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  return refuse('invalid-input', { field, message: describeIssue(issue) });
};

/** An answer does not have the declared form: a bug of the answering side, or a newer version of it. */
export class OutputFormError extends Error {
  override readonly name = 'OutputFormError';
}

/** Checks an answer; throws {@link OutputFormError}. */
export const checkOutput = <O extends Operation>(operation: O, output: unknown): OutputOf<O> => {
  const parsed = operation.output.safeParse(output);
  if (parsed.success) return parsed.data as OutputOf<O>;
  const field = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
  throw new OutputFormError(`the answer to ${operation.name} does not have the declared form (field "${field}")`);
};

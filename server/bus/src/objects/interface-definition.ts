// What an object can be asked: an interface is declared once, and dispatch, introspection and signals follow from it.

import type { Variant, WireValue } from '../wire/value.ts';

/** Names and types of arguments, in order; a name may be empty. */
export type Arguments = readonly (readonly [name: string, signature: string])[];

export interface Method<Target> {
  readonly takes: Arguments;
  readonly gives: Arguments;
  /** Whether it changes something, so that the caller is looked at first. */
  readonly changes?: boolean;
  readonly isDeprecated?: boolean;
  readonly answer: (target: Target, values: readonly WireValue[]) => Promise<readonly WireValue[]>;
}

interface Signal {
  readonly carries: Arguments;
  readonly isDeprecated?: boolean;
}

export interface Property<Target> {
  readonly signature: string;
  /** What is told when it changes: its value, or only that it did; `constant` never does. */
  readonly tells: 'value' | 'invalidation' | 'constant';
  readonly isDeprecated?: boolean;
  /** Absent if it cannot be read. */
  readonly read?: (target: Target) => WireValue;
  /** Absent if it cannot be written. Throws `ObjectError` if the value is not of a type that it takes. */
  readonly write?: (target: Target, value: Variant) => Promise<void>;
}

export interface Interface<Target> {
  readonly name: string;
  readonly methods: Readonly<Record<string, Method<Target>>>;
  readonly signals: Readonly<Record<string, Signal>>;
  readonly properties: Readonly<Record<string, Property<Target>>>;
}

/** Every property that can be read, as `a{sv}`. */
export const readableProperties = <Target>(
  { properties }: Interface<Target>,
  target: Target,
): readonly (readonly [string, Variant])[] =>
  Object.entries(properties).flatMap(([name, { signature, read }]) =>
    read === undefined ? [] : [[name, { signature, value: read(target) }] as const],
  );

/** The signature of arguments together. */
export const signatureOf = (argumentsOf: Arguments): string => argumentsOf.map(([, signature]) => signature).join('');

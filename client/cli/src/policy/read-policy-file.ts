// A policy as a file: every grant there is to be. TOML 1.0.0:
//
//   [[grant]]
//   principal = "token:ci"
//   capability = ["machines.read", "system.status"]
//   path = "zurich/**"
//   until = 2027-01-01T00:00:00Z
//
// Each of the first three is one word or a list; a list of several stands for as many grants.

import type { policy } from '@chatelaine/contract';
import { tomlPositions } from '@chatelaine/process';
import { parse, TomlDate, TomlError } from 'smol-toml';
import * as z from 'zod';
import { Failure } from '../failure.ts';
import { readIfThere } from '../machine/read-import-files.ts';
import { keyOf } from './all-grants.ts';

const words = z.union([z.string(), z.array(z.string()).min(1)], 'must be a word or a list of words');

const policyFile = z.strictObject({
  grant: z
    .array(
      z.strictObject({
        principal: words,
        capability: words,
        path: words,
        until: z
          .custom<TomlDate>((value) => value instanceof TomlDate && value.isDateTime() && !value.isLocal(), {
            message: 'must be a moment with its zone, such as 2027-01-01T00:00:00Z',
          })
          .optional(),
      }),
    )
    .default([]),
});

const inputFailure = (file: string, text: string, line?: number): Failure =>
  new Failure('input', `${file}${line === undefined ? '' : `:${line}`}: ${text}`, 'Nothing was changed.');

const issueText = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'unrecognized_keys') return 'has something that is not principal, capability, path or until';
  return issue.code === 'invalid_type' ? 'is missing or of another kind' : issue.message;
};

const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

/** The grants that a policy in TOML names. Throws a Failure that says in which line what is wrong. */
export const parsePolicy = (file: string, source: string): readonly policy.NewGrant[] => {
  let raw: unknown;
  try {
    raw = parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw inputFailure(file, 'is no valid TOML.', error.line);
  }
  const checked = policyFile.safeParse(raw);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const path = (issue?.path ?? []).filter((part) => typeof part !== 'symbol');
    const field = path.map((part) => (typeof part === 'number' ? `[${part + 1}]` : `.${part}`)).join('');
    const text = `${field.slice(1)}${field === '' ? '' : ': '}${issue === undefined ? 'is wrong' : issueText(issue)}.`;
    throw inputFailure(file, text, tomlPositions(source)(path)?.line);
  }
  const grants = new Map<string, policy.NewGrant>();
  for (const [index, { principal, capability, path, until }] of checked.data.grant.entries()) {
    const end = until === undefined ? {} : { expiresAtUnixMs: until.getTime() };
    for (const who of listOf(principal)) {
      for (const what of listOf(capability)) {
        for (const where of listOf(path)) {
          const grant = { principal: who, capability: what, path: where, ...end };
          if (grants.has(keyOf(grant))) {
            const line = tomlPositions(source)(['grant', index])?.line;
            throw inputFailure(file, `grant[${index + 1}]: names a grant that stands above already.`, line);
          }
          grants.set(keyOf(grant), grant);
        }
      }
    }
  }
  return [...grants.values()];
};

/** Reads a policy; `-` is stdin. */
export const readPolicyFile = async (file: string): Promise<readonly policy.NewGrant[]> => {
  const bytes = await readIfThere(file);
  if (bytes === undefined) throw new Failure('input', `${file} does not exist.`);
  try {
    return parsePolicy(file, new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof TypeError) throw inputFailure(file, 'is not UTF-8 text.');
    throw error;
  }
};

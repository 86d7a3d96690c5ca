// The reference of all operations and refusals, cut from their declarations, so that it cannot say anything else than
// the code does. Types and limits come from zod's JSON Schema (draft 2020-12); byte arrays, which JSON Schema does not
// know, carry the type `bytes` in their metadata.

import type * as z from 'zod';
import { allOperations } from './all-operations.ts';
import { API_PREFIX } from './http-form.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { commonRefusals, type Operation, type OperationKind } from './operation.ts';
import { explainRefusal, refusals, refuse } from './refusals.ts';

interface Row {
  readonly field: string;
  readonly type: string;
  readonly limits: string;
  readonly isRequired: boolean;
  readonly meaning: string;
}

const numberFormat = new Intl.NumberFormat('en-US');

/** Zod writes the range of a safe integer where none is declared; that says nothing. */
const show = (limit: number | undefined): string | undefined =>
  limit === undefined || Math.abs(limit) === Number.MAX_SAFE_INTEGER ? undefined : numberFormat.format(limit);

const range = (units: string, least: string | undefined, most: string | undefined): string | undefined => {
  const unit = most === '1' || (most === undefined && least === '1') ? units.replace(/s$/, '') : units;
  const suffix = unit === '' ? '' : ` ${unit}`;
  if (least === undefined && most === undefined) return undefined;
  if (least === most) return `exactly ${most}${suffix}`;
  if (most === undefined) return `at least ${least}${suffix}`;
  if (least === undefined || least === '0')
    return unit === '' ? `${least ?? '…'} to ${most}` : `at most ${most}${suffix}`;
  return `${least} to ${most}${suffix}`;
};

const limitsOf = (schema: JsonSchema): string => {
  const limits: (string | undefined)[] = [
    range('', show(schema.minimum), show(schema.maximum)),
    schema.exclusiveMinimum === undefined ? undefined : `more than ${show(schema.exclusiveMinimum)}`,
    schema.exclusiveMaximum === undefined ? undefined : `less than ${show(schema.exclusiveMaximum)}`,
    range(schema.type === 'bytes' ? 'bytes' : 'characters', show(schema.minLength), show(schema.maxLength)),
    range('items', show(schema.minItems), show(schema.maxItems)),
    schema.pattern === undefined ? undefined : `\`${schema.pattern}\``,
  ];
  return limits.filter((limit) => limit !== undefined).join(', ');
};

const typeOf = (schema: JsonSchema): string => {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  const either = schema.oneOf ?? schema.anyOf;
  if (either !== undefined) return [...new Set(either.map(typeOf))].join(' or ');
  return typeof schema.type === 'string' ? schema.type : (schema.type?.join(' or ') ?? 'anything');
};

/** The rows below a field: of an object its fields, of a list the fields of an item. */
const rowsWithin = (schema: JsonSchema, path: string): readonly Row[] => {
  if (schema.items !== undefined) return rowsWithin(schema.items, `${path}[]`);
  const prefix = path === '' ? '' : `${path}.`;
  const either = (schema.oneOf ?? schema.anyOf ?? []).flatMap((choice) => rowsWithin(choice, path));
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    rowsOf(field, prefix + name, schema.required?.includes(name) === true),
  );
  const more = schema.additionalProperties;
  const others = typeof more === 'object' ? rowsOf(more, `${prefix}*`, false) : [];
  return [...own, ...either, ...others];
};

const rowsOf = (schema: JsonSchema, field: string, isRequired: boolean): readonly Row[] => {
  const own = limitsOf(schema);
  const ofItems = schema.items === undefined ? '' : limitsOf(schema.items);
  const limits = [own, ofItems === '' ? '' : `each ${ofItems}`].filter((part) => part !== '').join('; ');
  const meaning = schema.description ?? schema.items?.description ?? '';
  return [{ field, type: typeOf(schema), limits, isRequired, meaning }, ...rowsWithin(schema, field)];
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
};

const fieldTable = (rows: readonly Row[]): string => {
  const hasMeaning = rows.some((row) => row.meaning !== '');
  return table(
    ['field', 'type', 'limits', 'required', ...(hasMeaning ? ['meaning'] : [])],
    rows.map((row) => [
      `\`${row.field}\``,
      row.type,
      row.limits,
      row.isRequired ? 'yes' : 'no',
      ...(hasMeaning ? [row.meaning] : []),
    ]),
  );
};

const formSection = (title: string, form: z.ZodType, io: 'input' | 'output'): string => {
  const schema = jsonSchemaOf(form, io);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    const tables = choices.map((choice) => fieldTable(rowsWithin(choice, '')));
    return `${title}, one of:\n\n${tables.join('\n\nor\n\n')}`;
  }
  const rows = rowsWithin(schema, '');
  return rows.length === 0 ? `${title}: nothing.` : `${title}:\n\n${fieldTable(rows)}`;
};

const kinds: Readonly<Record<OperationKind, string>> = {
  read: 'read (changes nothing)',
  change: 'change (asked again with the same request id, it is made once)',
  report: 'report (on record only where it makes a difference)',
  release: 'release (hands out a secret or a verdict, by the release decision)',
  stream: 'stream (pushes items until one side ends it)',
};

const httpLine = ({ http }: Operation): readonly string[] => {
  if (http === undefined) return [];
  return [`- HTTP: \`${http.method} ${API_PREFIX}${http.path}\`${http.isOpen === true ? ', without a token' : ''}`];
};

const capabilityText = ({ capability, parts }: Operation): string => {
  if (parts === undefined) return `\`${capability}\``;
  const names = [...new Set(Object.entries(parts.known).flatMap(([part, wider]) => [...wider, part]))].toSorted();
  return `\`${capability}\`, or for a part of it ${names.map((name) => `\`${name}\``).join(', ')}`;
};

const operationSection = (operation: Operation): string => {
  const own = operation.refusals.map((code) => `[\`${code}\`](#refusals)`).join(', ');
  return [
    `## ${operation.name}`,
    operation.summary,
    ...(operation.description === undefined ? [] : [operation.description]),
    [
      `- Kind: ${kinds[operation.kind]}`,
      `- Roles: ${operation.roles.map((role) => `\`${role}\``).join(', ')}`,
      `- Capability: ${capabilityText(operation)}`,
      ...httpLine(operation),
      `- Refusals of its own: ${own === '' ? 'none' : own}`,
    ].join('\n'),
    formSection('Input', operation.input, 'input'),
    formSection(operation.kind === 'stream' ? 'Each item' : 'Output', operation.output, 'output'),
  ].join('\n\n');
};

const refusalTable = (): string =>
  table(
    ['code', 'text', 'hint'],
    Object.keys(refusals)
      .toSorted()
      .map((code) => {
        const { text, hint } = explainRefusal(refuse(code as keyof typeof refusals));
        return [`\`${code}\``, text, hint];
      }),
  );

/** Renders the page `docs/operations.md`: every operation by name, then the one table of refusals. Markdown. */
export const renderReference = (operations: readonly Operation[] = allOperations): string =>
  `${[
    '# Operations',
    'Everything that can be asked of the keep. This page is made from the declarations in `lib/contract/src` by ' +
      '`scripts/generate-docs.ts`; edit those, then run it.',
    'Byte arrays travel as bytes ([message format](formats/message.md)). Any operation may also be refused with ' +
      `${commonRefusals.map((code) => `\`${code}\``).join(', ')}.`,
    table(
      ['operation', 'kind', 'roles', 'what it does'],
      operations.map(({ name, kind, roles, summary }) => [
        `[\`${name}\`](#${name.replaceAll('.', '')})`,
        kind,
        roles.join(', '),
        summary,
      ]),
    ),
    ...operations.map(operationSection),
    '## Refusals',
    'A refusal is a value with a stable code, a public text and a hint. Codes are never renamed or reused, and neither ' +
      'text nor hint contains anything that was sent.',
    refusalTable(),
  ].join('\n\n')}\n`;

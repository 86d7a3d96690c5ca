// Writes the pages that are made of the code itself, or says whether they are current: docs/operations.md of the
// declarations in lib/contract, docs/openapi.json of those that are public, docs/cli.md of the command tree.

import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { renderCommandReference } from '../client/cli/src/reference-page.ts';
import { renderOpenApi } from '../lib/contract/src/openapi.ts';
import { renderReference } from '../lib/contract/src/reference-page.ts';

const usage = `usage: node scripts/generate-docs.ts [--check] [--help]

Writes docs/operations.md, docs/openapi.json and docs/cli.md from what the code declares.

  --check  write nothing; exit 1 when a page is not current
  --help   this text
`;

const pages: readonly (readonly [string, () => string])[] = [
  ['docs/operations.md', renderReference],
  ['docs/openapi.json', renderOpenApi],
  ['docs/cli.md', renderCommandReference],
];

const placeOf = (page: string): URL => new URL(`../${page}`, import.meta.url);

const isCurrent = async (page: string, text: string): Promise<boolean> => {
  try {
    return (await readFile(placeOf(page), 'utf8')) === text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
};

/** Brings one page up to date, or only looks; gives whether it is current now. */
const bringUp = async (page: string, text: string, isCheck: boolean): Promise<boolean> => {
  if (await isCurrent(page, text)) return true;
  if (isCheck) {
    process.stderr.write(`${page} is not current: run node scripts/generate-docs.ts and commit it\n`);
    return false;
  }
  await writeFile(placeOf(page), text);
  process.stderr.write(`wrote ${page}\n`);
  return true;
};

const run = async (): Promise<number> => {
  let options: { readonly check: boolean; readonly help: boolean };
  try {
    options = parseArgs({
      options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  let areCurrent = true;
  for (const [page, render] of pages) areCurrent = (await bringUp(page, render(), options.check)) && areCurrent;
  return areCurrent ? 0 : 1;
};

process.exitCode = await run();

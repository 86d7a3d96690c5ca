// Writes docs/operations.md from the declarations in lib/contract, or says whether it is current.

import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { renderReference } from '../lib/contract/src/reference-page.ts';

const usage = `usage: node scripts/generate-docs.ts [--check] [--help]

Writes docs/operations.md from the declared operations and refusals.

  --check  write nothing; exit 1 when the page is not current
  --help   this text
`;

const page = new URL('../docs/operations.md', import.meta.url);

const isCurrent = async (text: string): Promise<boolean> => {
  try {
    return (await readFile(page, 'utf8')) === text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
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
  const text = renderReference();
  if (await isCurrent(text)) return 0;
  if (options.check) {
    process.stderr.write('docs/operations.md is not current: run node scripts/generate-docs.ts and commit it\n');
    return 1;
  }
  await writeFile(page, text);
  process.stderr.write('wrote docs/operations.md\n');
  return 0;
};

process.exitCode = await run();

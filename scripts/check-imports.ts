// Prints every import that the house does not allow, and ends with 1 if there is one.

import path from 'node:path';
import { findImportViolations } from './import-boundaries.ts';

if (process.argv.includes('--help')) {
  process.stdout.write('usage: node scripts/check-imports.ts\n\nSays which imports cross a boundary of the house.\n');
} else {
  const violations = findImportViolations(path.join(import.meta.dirname, '..'));
  for (const { file, line, specifier, rule } of violations) {
    process.stdout.write(`${file}:${line}: ${specifier}: ${rule}\n`);
  }
  process.exitCode = violations.length > 0 ? 1 : 0;
}

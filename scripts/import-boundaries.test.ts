import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { findImportViolations } from './import-boundaries.ts';
import { importSpecifiers } from './import-specifiers.ts';

const packages = ['lib/contract', 'lib/secret', 'lib/store', 'lib/vault', 'lib/link', 'server/keep', 'server/gate'];

/** A small house with one planted line, and what the check says about it. */
const rulesBrokenBy = (file: string, line: string): readonly string[] => {
  const root = mkdtempSync(path.join(tmpdir(), 'chatelaine-imports-'));
  try {
    for (const place of [...packages, 'client/cli']) {
      mkdirSync(path.join(root, place, 'src'), { recursive: true });
      const name = `@chatelaine/${path.basename(place)}`;
      const manifest = { name, exports: { '.': './src/index.ts', './proof': './src/proof.ts' } };
      writeFileSync(path.join(root, place, 'package.json'), JSON.stringify(manifest));
    }
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), `${line}\n`);
    return findImportViolations(root).map((violation) => violation.rule);
  } finally {
    rmSync(root, { recursive: true });
  }
};

const planted: readonly (readonly [file: string, line: string, rule: RegExp])[] = [
  ['lib/contract/src/a.ts', "import { wipe } from '@chatelaine/secret';", /layers below/],
  ['lib/secret/src/a.ts', "import { link } from '@chatelaine/link';", /layers below/],
  ['lib/link/src/a.ts', "import type { Vault } from '@chatelaine/vault';", /only server\/keep/],
  ['lib/link/src/a.ts', "export { Store } from '@chatelaine/store';", /only lib\/vault and server\/keep/],
  ['lib/secret/src/a.ts', "import { Kernel } from '@chatelaine/keep';", /never another part/],
  ['lib/unheard/src/a.ts', "import { ok } from '@chatelaine/unheard/deep';", /does not export/],
  ['server/gate/src/a.ts', "import { openVault } from '@chatelaine/vault';", /only server\/keep/],
  ['server/gate/src/a.ts', "import { Kernel } from '@chatelaine/keep';", /never another part/],
  ['client/cli/src/a.ts', "const store = await import('@chatelaine/store');", /only lib\/vault and server\/keep/],
  ['client/cli/src/a.ts', "import { wipe } from '@chatelaine/secret/src/wipe.ts';", /does not export/],
  ['client/cli/src/a.ts', "import { wipe } from '../../../lib/secret/src/wipe.ts';", /inside its package/],
  ['client/cli/src/a.ts', "new Worker(new URL('../../../lib/store/src/writer.ts', import.meta.url));", /inside its/],
  ['server/keep/src/modules/hotp/a.ts', "import { aes } from '../aes/module.ts';", /never imports another/],
  ['server/keep/src/a.ts', "import https from 'node:https';", /no internet socket/],
  ['server/keep/src/a.ts', "import { connect } from 'tls';", /no internet socket/],
  ['server/keep/src/a.ts', 'server.listen(8080);', /no internet socket/],
  ['server/keep/src/a.ts', "socket.connect({ host: 'example.org', port });", /no internet socket/],
];

for (const [file, line, rule] of planted) {
  test(`a planted violation is caught: ${file}: ${line}`, () => {
    const home = file.split('/').slice(0, 2).join('/');
    if (!packages.includes(home) && home !== 'client/cli') packages.push(home);
    const rules = rulesBrokenBy(file, line);
    assert.equal(rules.length, 1);
    assert.match(rules[0] ?? '', rule);
  });
}

const allowed: readonly (readonly [file: string, line: string])[] = [
  ['lib/vault/src/a.ts', "import type { Store } from '@chatelaine/store';"],
  ['lib/store/src/a.ts', "import { refuse } from '@chatelaine/contract';"],
  ['server/keep/src/a.ts', "import { openVault } from '@chatelaine/vault';"],
  ['server/keep/src/a.ts', 'server.listen(socketPath);'],
  ['server/keep/src/modules/hotp/a.ts', "import { defineModule } from '../../kernel/module.ts';"],
  ['client/cli/src/a.test.ts', "spawn(new URL('../../../server/keep/src/main.ts', import.meta.url).pathname);"],
  ['lib/contract/src/a.ts', "readFileSync(new URL('../../../docs/a.md', import.meta.url));"],
  ['server/keep/src/modules.ts', "import { hotp } from './modules/hotp/module.ts';"],
  ['client/cli/src/a.ts', "// import { Vault } from '@chatelaine/vault';"],
  ['client/cli/src/a.ts', "import { parseProof } from '@chatelaine/secret/proof';"],
];

for (const [file, line] of allowed) {
  test(`what the house allows is let through: ${file}: ${line}`, () => {
    assert.deepEqual(rulesBrokenBy(file, line), []);
  });
}

test('every form of import is found, and nothing in a comment, a text or a regular expression', () => {
  const source = [
    "import { a, type B } from 'one';",
    'import type {\n  C,\n} from "two";',
    "import 'three';",
    "export * as d from 'four';",
    "const e = await import('five');",
    'const f = `import x from "not"\n`;',
    'const g = /[\'"`]/.test(h) ? 1 / 2 : \'import("not")\';',
    "/* import z from 'not' */ const w = new URL('./six.ts', import.meta.url);",
    "const i = require('seven'); // import q from 'not'",
  ].join('\n');
  const found = importSpecifiers(source).map(({ specifier }) => specifier);
  assert.deepEqual(found, ['one', 'two', 'three', 'four', 'five', './six.ts', 'seven']);
});

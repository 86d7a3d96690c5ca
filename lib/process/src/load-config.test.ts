import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import * as z from 'zod';
import { ConfigError } from './config-error.ts';
import { adminTable, gateTable, keepTable } from './config-tables.ts';
import { defaultConfigPath, loadConfig } from './load-config.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-config-'));
after(() => rmSync(directory, { recursive: true }));

const file = path.join(directory, 'chatelaine.toml');
const mandosTable = z.strictObject({
  listen: z
    .string()
    .regex(/^\S+:\d+$/, 'must be an address and a port, as "[::]:1234"')
    .optional(),
  backlog: z.int().min(1).max(4096).default(4096),
});
const tables = z.object({
  keep: keepTable,
  gate: gateTable.extend({ mandos: mandosTable.prefault({}) }),
  admin: adminTable,
});

const write = (source: string | Uint8Array): string => {
  writeFileSync(file, source, { mode: 0o600 });
  return file;
};

const errorOf = (source: string | Uint8Array, wanted: Parameters<typeof loadConfig>[1] = tables): ConfigError => {
  try {
    loadConfig(write(source), wanted);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'the configuration was accepted' });
};

describe('reading the configuration', () => {
  test('an empty file gives the documented defaults', () => {
    const config = loadConfig(write(''), tables);
    assert.deepEqual(config, {
      purpose: 'production',
      group: 'chatelaine',
      log: { level: 'info', target: 'stderr', socket: '/dev/log' },
      keep: {
        account: 'chatelaine-keep',
        directory: '/var/lib/chatelaine/keep',
        anchor: '/var/lib/chatelaine/anchor/anchor',
        socket: '/run/chatelaine/keep/keep.sock',
        pid_file: '/run/chatelaine/keep/keep.pid',
        serial_lines: [],
        modules: ['machines'],
      },
      gate: {
        account: 'chatelaine-gate',
        directory: '/var/lib/chatelaine/gate',
        pid_file: '/run/chatelaine/gate/gate.pid',
        drain_seconds: 30,
        fronts: ['mandos'],
        mandos: { backlog: 4096 },
      },
      admin: { link_key: '/etc/chatelaine/admin.key' },
      file,
    });
  });

  test('what is written is taken over', () => {
    const config = loadConfig(write('purpose = "development"\n[log]\nlevel = "debug"\n[keep]\nmodules = []\n'), tables);
    assert.equal(config.purpose, 'development');
    assert.equal(config.log.level, 'debug');
    assert.deepEqual(config.keep.modules, []);
  });

  test("another process's table is passed over, whatever is in it", () => {
    const config = loadConfig(write('[gate]\nnonsense = 1\n[watch]\nx = 1\n'), z.object({ keep: keepTable }));
    assert.equal('gate' in config, false);
  });

  test('where no path was given, the environment comes before the standard place, where a file may be absent', () => {
    const before = process.env['CHATELAINE_CONFIG'];
    try {
      process.env['CHATELAINE_CONFIG'] = write('group = "environment"');
      assert.equal(defaultConfigPath(), file);
      assert.equal(loadConfig(undefined, tables).group, 'environment');
      process.env['CHATELAINE_CONFIG'] = '';
      assert.equal(defaultConfigPath(), '/etc/chatelaine/chatelaine.toml');
    } finally {
      if (before === undefined) delete process.env['CHATELAINE_CONFIG'];
      else process.env['CHATELAINE_CONFIG'] = before;
    }
  });
});

describe('what is wrong in a configuration is named with its place', () => {
  const cases: readonly (readonly [name: string, source: string, message: string])[] = [
    [
      'a wrong value',
      '\n[gate.mandos]\n# where\nlisten = "x"\n',
      '4: gate.mandos.listen: must be an address and a port, as "[::]:1234"',
    ],
    ['a wrong kind', '[gate]\ndrain_seconds = "30"\n', '2: gate.drain_seconds: must be a number'],
    ['a fraction', '[gate]\ndrain_seconds = 1.5\n', '2: gate.drain_seconds: must be a whole number'],
    ['a number out of its range', '[gate]\ndrain_seconds = -1\n', '2: gate.drain_seconds: must be at least 0'],
    ['a word that is none of the allowed', '\npurpose = "prod"\n', '2: purpose: must be "production" or "development"'],
    ['a relative path', '[keep]\nmodules = []\nsocket = "keep.sock"\n', '3: keep.socket: must be an absolute path'],
    [
      'an item of a list',
      '[keep]\nmodules = [\n  "machines",\n  3,\n]\n',
      '4: keep.modules[2]: must be text in quotes',
    ],
    ['a value where a table belongs', 'keep = 3\n', '1: keep: must be a table'],
    ['a misspelt option', '[keep]\nmodlues = []\n', '2: keep.modlues: is not an option; did you mean modules?'],
    ['a misspelt table', '[kepe]\n', '1: kepe: is not an option; did you mean keep?'],
    ['an option of nobody', '[admin]\ncolour = 1\n', '2: admin.colour: is not an option; known here: link_key'],
    [
      'an account that is none',
      '[keep]\naccount = "Keep!"\n',
      '2: keep.account: must be an account or group name: small letters, digits, - and _',
    ],
    ['a module named twice', '[keep]\nmodules = ["a", "a"]\n', '2: keep.modules: must name each only once'],
  ];
  for (const [name, source, message] of cases) {
    test(name, () => {
      const error = errorOf(source);
      assert.equal(error.message, `${file}:${message}`);
      assert.equal(error.file, file);
      assert.equal(`${error.line}: ${error.field}`, message.split(': ').slice(0, 2).join(': '));
    });
  }

  test('what is not TOML is named with line and column, without an excerpt', () => {
    const error = errorOf('[keep]\nsocket = /run/secret-name\n');
    assert.deepEqual([error.line, error.column, error.field], [2, 10, undefined]);
    assert.doesNotMatch(error.message, /secret-name/);
    assert.equal(error.message.split('\n').length, 1);
  });

  test('every problem is named, in the order of the file', () => {
    const error = errorOf('[gate]\ndrain_seconds = "x"\nfront = []\n[keep]\nsocket = 1\n');
    assert.deepEqual(
      error.problems.map(({ line, field }) => [line, field]),
      [
        [2, 'gate.drain_seconds'],
        [3, 'gate.front'],
        [5, 'keep.socket'],
      ],
    );
  });

  test('a missing option is named at its table', () => {
    const needed = z.object({ gate: gateTable.extend({ port: z.int() }) });
    const error = errorOf('\n[gate]\n', needed);
    assert.equal(error.message, `${file}:2: gate.port: is missing; must be a number`);
  });

  test('a wrong value is not repeated: it may have been pasted there by mistake', () => {
    assert.doesNotMatch(errorOf('[keep]\nsocket = "correct horse battery"\n').message, /horse/);
  });
});

describe('a file that cannot be used', () => {
  test('one that is named and absent is an error', () => {
    assert.throws(() => loadConfig(path.join(directory, 'absent.toml'), tables), {
      message: /absent\.toml: does not exist$/,
    });
  });

  test('a directory, text that is not UTF-8 and an endless file are refused', () => {
    assert.throws(() => loadConfig(directory, tables), { name: 'ConfigError', message: /is not a regular file$/ });
    assert.throws(() => loadConfig('/dev/zero', tables), { name: 'ConfigError', message: /is not a regular file$/ });
    assert.match(errorOf(Buffer.from([0x61, 0xff, 0xfe])).message, /: is not UTF-8 text$/);
    assert.match(errorOf('#'.repeat(1024 * 1024 + 1)).message, /: is larger than 1 MiB$/);
  });

  test('root reads no file that somebody else could have written; others read their own', () => {
    const isRoot = process.geteuid?.() === 0;
    write('');
    chmodSync(file, 0o620);
    if (isRoot)
      assert.throws(() => loadConfig(file, tables), { message: /must not be writable by its group or others/ });
    else assert.ok(loadConfig(file, tables));
    if (isRoot) {
      chmodSync(file, 0o600);
      chownSync(file, 65534, 65534);
      assert.throws(() => loadConfig(file, tables), { message: /must belong to root/ });
      chownSync(file, 0, 0);
    }
    chmodSync(file, 0o600);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { buildProgram } from '../program.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';
import { describeTree } from './command-tree.ts';
import { completionScript } from './completion-script.ts';

const script = completionScript(buildProgram(), 'bash');

/** What bash offers when Tab is pressed behind these words; each word as readline cuts them. */
const offered = (words: readonly string[], directory = '/'): string[] => {
  const program = `${script}
    compopt() { :; }
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _chatelaine
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['--norc', '-c', program, 'bash', ...words], { cwd: directory });
  assert.equal(run.stderr.toString(), '');
  return run.stdout.toString().split('\n').filter(Boolean).toSorted();
};

test('bash offers the commands, and the commands below them', () => {
  assert.ok(offered(['chatelaine', '']).includes('machine'));
  assert.deepEqual(offered(['chatelaine', 'ma']), ['machine']);
  assert.deepEqual(offered(['chatelaine', 'keyslot', '']), ['add', 'list', 'remove']);
  assert.deepEqual(offered(['chatelaine', 'machine', 'secret', '']), ['set']);
  assert.deepEqual(offered(['chatelaine', 'completion', '']), ['bash', 'zsh']);
});

test('bash offers the options of the command that was typed, and those of every command', () => {
  assert.deepEqual(offered(['chatelaine', 'audit', 'list', '--']), [
    '--config',
    '--dir',
    '--help',
    '--json',
    '--limit',
    '--object',
    '--server',
  ]);
});

test('options before and between the commands do not lead bash astray', () => {
  assert.deepEqual(offered(['chatelaine', '--dir', 'machine', 'audit', '']), ['list', 'tail', 'verify']);
  assert.deepEqual(offered(['chatelaine', '--dir', '=', 'machine', 'audit', 'v']), ['verify']);
  assert.deepEqual(offered(['chatelaine', 'machine', '--json', 'sh']), ['show']);
});

test('bash offers files where a file is meant, directories where a directory is', () => {
  using scratch = new ScratchDirectory();
  writeFileSync(scratch.in('clients.conf'), '');
  mkdirSync(scratch.in('clients.d'));
  assert.deepEqual(offered(['chatelaine', 'machine', 'import', 'cl'], scratch.path), ['clients.conf', 'clients.d']);
  assert.deepEqual(offered(['chatelaine', 'machine', 'enroll', 'x', '--key-dir', ''], scratch.path), ['clients.d']);
  assert.deepEqual(offered(['chatelaine', '--dir', '=', 'cl'], scratch.path), ['clients.d']);
  assert.deepEqual(offered(['chatelaine', 'unseal', '--key-file', '='], scratch.path), ['clients.conf', 'clients.d']);
  assert.deepEqual(offered(['chatelaine', 'keyslot', 'add', '--label', ''], scratch.path), []);
});

test('an option means the same in every command, which completion rests on', () => {
  const kinds = new Map<string, string>();
  for (const { options } of describeTree(buildProgram())) {
    for (const { names, value } of options) {
      for (const name of names) {
        const kind = JSON.stringify(value);
        assert.equal(kinds.get(name) ?? kind, kind, name);
        kinds.set(name, kind);
      }
    }
  }
});

test('the bash script is registered for the command when it is sourced', () => {
  const run = spawnSync('bash', ['--norc', '-c', `${script}\ncomplete -p chatelaine`]);
  assert.equal(run.stdout.toString(), 'complete -F _chatelaine chatelaine\n');
});

test('the zsh script names what it completes and quotes every text', () => {
  const zsh = completionScript(buildProgram(), 'zsh');
  assert.match(zsh, /^#compdef chatelaine\n/);
  assert.match(zsh, /'enroll:enrol a machine, with new keys or its own'/);
  const withoutQuoted = zsh.replaceAll(/'(?:[^']|'\\'')*'/g, '');
  assert.equal(withoutQuoted.match(/'/g), null);
});

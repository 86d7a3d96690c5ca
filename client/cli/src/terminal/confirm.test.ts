import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { runAtTerminal } from '../testing/at-terminal.ts';

const module = new URL('./confirm.ts', import.meta.url).href;

const program = (isConfirmed: boolean): string[] => [
  process.execPath,
  '--input-type=module',
  '--eval',
  `const { confirm } = await import(${JSON.stringify(module)});
   try { await confirm('Remove it?', ${isConfirmed}); process.stdout.write('removed\\n'); }
   catch (error) { process.stdout.write('failed: ' + error.message + '\\n'); }`,
];

test('only a yes is a yes', () => {
  for (const typed of ['y\r', 'YES\r']) {
    assert.match(runAtTerminal(program(false), [['Remove it? [y/N] ', typed]]).shown, /\nremoved/);
  }
  for (const typed of ['\r', 'n\r', 'yesterday\r', '\u0004']) {
    assert.match(runAtTerminal(program(false), [['Remove it? [y/N] ', typed]]).shown, /failed: Nothing was changed\./);
  }
});

test('who has confirmed already is not asked, and without a terminal nobody is', () => {
  const [command = '', ...args] = program(true);
  assert.equal(spawnSync(command, args).stdout.toString(), 'removed\n');
  const [, ...unconfirmed] = program(false);
  assert.match(
    spawnSync(command, unconfirmed, { input: 'y\n' }).stdout.toString(),
    /failed: This has to be confirmed\./,
  );
});

// The tour of the README, run as it stands there: its commands in order, its outputs compared. Only the place and the ports
// are exchanged, so that it can run beside anything else.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { freePort } from './support/free-port.ts';
import { runProgram } from './support/run-program.ts';
import { Scratch } from './support/scratch.ts';

const root = path.join(import.meta.dirname, '..');
const READY_WITHIN_MS = 120_000;
const TOUR_PATIENCE_MS = 180_000;

/** Prints a line that no command prints, so that the outputs of the blocks can be told apart. */
const END_OF_BLOCK = '-- end of block --';

interface Block {
  readonly commands: string;
  /** Lines that its output has to contain, in this order. */
  readonly expected: readonly string[];
}

const blocksOf = (readme: string): readonly Block[] => {
  const tour = readme.split(/^## /m).find((section) => section.startsWith('A five-minute tour')) ?? '';
  const blocks: Block[] = [];
  for (const [, language, content = ''] of tour.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    if (language === 'sh') blocks.push({ commands: content, expected: [] });
    else blocks.push({ commands: blocks.pop()?.commands ?? '', expected: content.trim().split('\n') });
  }
  return blocks;
};

const startFirstTerminal = async (scratch: Scratch, commands: string): Promise<void> => {
  const terminal = spawn('bash', ['-ec', commands], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  scratch.atEnd(async () => {
    const exit = terminal.exitCode === null ? once(terminal, 'exit') : undefined;
    if (terminal.pid !== undefined && exit !== undefined) process.kill(-terminal.pid, 'SIGINT');
    await exit;
  });
  const signal = AbortSignal.timeout(READY_WITHIN_MS);
  for await (const line of createInterface({ input: terminal.stdout, signal })) {
    if (line.startsWith('{')) return;
  }
  assert.fail('the first terminal ended before the instance was ready');
};

test('the tour of the README can be pasted, and shows what it says', async () => {
  await using scratch = new Scratch();
  const place = path.join(scratch.directory(), 'tour');
  const port = await freePort();
  const httpPort = await freePort();
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
    .replaceAll('/tmp/chatelaine-tour', place)
    .replaceAll('127.0.0.1:14711', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:14780', `127.0.0.1:${httpPort}`);
  const [first, ...rest] = blocksOf(readme);
  assert.ok(first !== undefined && rest.length > 3, 'the tour was found');
  await startFirstTerminal(scratch, first.commands);

  const script = rest.map((block) => `${block.commands}\necho '${END_OF_BLOCK}'\n`).join('');
  const { code, stdout, stderr } = await runProgram('bash', ['-e'], {
    input: script,
    cwd: root,
    patienceMs: TOUR_PATIENCE_MS,
  });
  assert.equal(code, 0, stderr);
  const outputs = stdout.toString().split(`${END_OF_BLOCK}\n`);
  for (const [index, { commands, expected }] of rest.entries()) {
    let output = outputs[index] ?? '';
    for (const line of expected) {
      const at = output.indexOf(line);
      assert.ok(at >= 0, `"${line}" is missing in the output of\n${commands}\nwhich was\n${outputs[index]}`);
      output = output.slice(at + line.length);
    }
  }
});

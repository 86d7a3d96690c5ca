import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { runAtTerminal } from '../testing/at-terminal.ts';

const module = new URL('./secret-input.ts', import.meta.url).href;

const program = (call: string): string[] => [
  process.execPath,
  '--input-type=module',
  '--eval',
  `const input = await import(${JSON.stringify(module)});
   try { process.stdout.write('<' + (await input.${call}).toString('hex') + '>\\n'); }
   catch (error) { process.stdout.write('failed: ' + error.exit + ': ' + error.message + '\\n'); process.exitCode = 1; }`,
];

const ASK = `readPassPhrase({ name: 'pass phrase', isNew: false })`;
const ASK_NEW = `readPassPhrase({ name: 'pass phrase', isNew: true })`;

const hex = (text: string): string => `<${Buffer.from(text).toString('hex')}>`;

test('what is typed is taken to the byte and never shown', () => {
  const { shown, code } = runAtTerminal(program(ASK), [['Pass phrase: ', 'Grüße, 世界!\r']]);
  assert.equal(code, 0);
  assert.ok(shown.includes(hex('Grüße, 世界!')), shown);
  assert.ok(!shown.includes('Gr'), shown);
});

test('backspace takes back a whole character, Ctrl-U the line, and arrow keys are no text', () => {
  const typed = 'wrong\u0015ab€\u007f\u007fc\u001b[A\u001b[3~\u001bOPd\u0008e\r';
  const { shown } = runAtTerminal(program(ASK), [['Pass phrase: ', typed]]);
  assert.ok(shown.includes(hex('ace')), shown);
});

test('a new pass phrase is asked for twice, until both are the same; typing ahead is no loss', () => {
  const { shown } = runAtTerminal(program(ASK_NEW), [
    ['New pass phrase: ', 'one\rtwo\r'],
    ['Once more', 'three\r'],
    ['Repeat pass phrase: ', 'three\r'],
  ]);
  assert.match(shown, /They differ\. Once more\./);
  assert.ok(shown.includes(hex('three')), shown);
});

test('Ctrl-C and Ctrl-D end it', () => {
  assert.match(runAtTerminal(program(ASK), [['Pass phrase: ', 'abc\u0003']]).shown, /failed: interrupted/);
  assert.match(
    runAtTerminal(program(ASK), [['Pass phrase: ', '\u0004']]).shown,
    /failed: usage: Nothing was entered\./,
  );
  assert.match(
    runAtTerminal(program(ASK), [['Pass phrase: ', '\r']]).shown,
    /failed: usage: The pass phrase is empty\./,
  );
});

const piped = (call: string, input: string | Buffer) => {
  const [command = '', ...args] = program(call);
  const { stdout, stderr } = spawnSync(command, args, { input, maxBuffer: 2 ** 24 });
  return { stdout: stdout.toString().trim(), stderr: stderr.toString() };
};

test('a pass phrase from stdin loses one line end, as echo makes it, and no more', () => {
  assert.equal(piped(ASK, 'a b\n').stdout, hex('a b'));
  assert.equal(piped(ASK, 'a b\r\n').stdout, hex('a b'));
  assert.equal(piped(ASK, ' a b \n\n').stdout, hex(' a b \n'));
  assert.equal(piped(ASK, 'a b').stdout, hex('a b'));
  assert.match(piped(ASK, '\n').stdout, /is empty/);
});

test('a password from stdin is taken to the last byte, with a word about a line feed at its end', () => {
  const call = `readPassword({ name: 'disk password', isNew: true })`;
  assert.equal(piped(call, 'a\u0000b').stdout, hex('a\u0000b'));
  const { stdout, stderr } = piped(call, 'a b\n');
  assert.equal(stdout, hex('a b\n'));
  assert.match(stderr, /ends with a line feed, which is kept/);
});

test('what is too large is refused at its limit, from stdin and from a file', () => {
  assert.equal(piped(ASK, Buffer.alloc(65_536, 0x61)).stdout.length, 2 * 65_536 + 2);
  assert.match(piped(ASK, Buffer.alloc(65_537, 0x61)).stdout, /larger than 65536 bytes/);
  assert.match(piped(`readSecretFile('/dev/zero')`, '').stdout, /\/dev\/zero is larger than 65536 bytes/);
  assert.match(piped(`readSecretFile('/nowhere')`, '').stdout, /failed: input: \/nowhere cannot be read: ENOENT/);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createLog, silentLog } from './log.ts';
import { prettyLine } from './pretty-lines.ts';

describe('the log', () => {
  test('an entry is one line of JSON with level, time, process, facts and words', () => {
    const lines: string[] = [];
    const log = createLog({ process: 'keep', destination: { write: (line) => lines.push(line) } });
    log.child({ peer: 'gate' }).warn({ count: 2 }, 'two\nlines');
    log.info('words alone');
    const [first, second] = lines.map((line) => JSON.parse(line));
    assert.ok(lines.every((line) => line.indexOf('\n') === line.length - 1));
    assert.deepEqual(
      { ...first, time: 0, pid: 0 },
      { level: 'warn', time: 0, process: 'keep', pid: 0, peer: 'gate', count: 2, msg: 'two\nlines' },
    );
    assert.match(first.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual([second.level, second.msg], ['info', 'words alone']);
  });

  test('entries below the level are dropped', () => {
    const lines: string[] = [];
    const log = createLog({ process: 'keep', level: 'warn', destination: { write: (line) => lines.push(line) } });
    log.info('no');
    log.debug({}, 'no');
    log.error('yes');
    assert.equal(lines.length, 1);
  });

  test('a silent log can be asked for everything', () => {
    silentLog.child({}).error({ err: new Error('x') }, 'nothing');
  });

  test('a reader that is gone does not end the process', () => {
    const program = `
      import { createLog } from ${JSON.stringify(import.meta.resolve('./log.ts'))};
      const log = createLog({ process: 'keep' });
      for (let entry = 0; entry < 3; entry += 1) log.info({ entry }, 'x');
      process.stdout.write('alive');`;
    const shell = 'exec 2> >(exec true); sleep 0.2; exec "$0" --input-type=module --eval "$1"';
    const ended = spawnSync('bash', ['-c', shell, process.execPath, program], { encoding: 'utf8' });
    assert.deepEqual([ended.status, ended.stdout], [0, 'alive']);
  });
});

describe('lines for people', () => {
  test('time, level, process, words, facts; an error with its frames below', () => {
    const err = { name: 'Error', message: 'broke', stack: 'at a\nat b' };
    const line = prettyLine(
      JSON.stringify({
        level: 'error',
        time: '2026-11-25T11:12:13.456Z',
        process: 'keep',
        pid: 1,
        n: 1,
        err,
        msg: 'words',
      }),
    );
    assert.equal(
      stripVTControlCharacters(line),
      '11:12:13.456 error keep: words n=1 err=Error: broke\n    at a\n    at b\n',
    );
  });

  test('a fact cannot move the cursor or look like an entry of its own', () => {
    const line = prettyLine(JSON.stringify({ level: 'info', msg: 'a\u001b[2Jb\nc', fact: '\u009b2J', '\u0007': 1 }));
    assert.doesNotMatch(line.slice(line.indexOf('a'), -1), /\p{Cc}/u);
    assert.equal(line.split('\n').length, 2);
  });
});

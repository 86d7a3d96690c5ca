import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createLog } from './log.ts';
import { redactedFields } from './redacted-fields.ts';

/** The log's lines for what `write` writes. */
const linesOf = (write: (log: ReturnType<typeof createLog>) => void): string => {
  const lines: string[] = [];
  write(createLog({ process: 'test', level: 'debug', destination: { write: (line) => lines.push(line) } }));
  return lines.join('');
};

const errorOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
};

describe('no secret gets into a log', () => {
  test('a field named like a secret is replaced, at any depth', () => {
    const names = ['secret', 'key', 'passPhrase', 'pass_phrase', 'password', 'privateKey', 'token', 'KEY'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.integer({ min: 0, max: 8 }), (name, depth) => {
        let fields: Record<string, unknown> = { [name]: 'hunter2' };
        for (let level = 0; level < depth; level += 1) fields = { inner: level % 2 === 0 ? fields : [fields] };
        assert.doesNotMatch(
          linesOf((log) => log.debug(fields, 'x')),
          /hunter2/,
        );
        assert.doesNotMatch(
          linesOf((log) => log.child(fields).info('x')),
          /hunter2/,
        );
      }),
    );
  });

  test('bytes are written as their number, whatever holds them', () => {
    const bytes = Buffer.from('hunter2');
    const fields = {
      a: bytes,
      b: new Uint16Array([1, 2]),
      c: [new Uint8Array(3)],
      key: bytes,
      d: bytes.buffer,
      e: new DataView(new ArrayBuffer(5)),
    };
    const redacted = redactedFields(fields);
    assert.deepEqual(redacted, {
      a: '[7 bytes]',
      b: '[4 bytes]',
      c: ['[3 bytes]'],
      key: '[7 bytes]',
      d: `[${bytes.buffer.byteLength} bytes]`,
      e: '[5 bytes]',
    });
  });

  test('an error is written as its name, words, code and frames; what else it carries is not', () => {
    const error = Object.assign(new Error('could not', { cause: new RangeError('inner') }), {
      code: 'EX',
      input: 'hunter2',
      issues: [{ input: 'hunter2' }],
    });
    const { err } = redactedFields({ err: error }) as { err: Record<string, unknown> };
    assert.deepEqual(Object.keys(err), ['name', 'message', 'code', 'stack', 'cause']);
    assert.match(String(err['stack']), /^at /);
    assert.doesNotMatch(
      linesOf((log) => log.error({ err: error }, 'x')),
      /hunter2/,
    );
    assert.match(
      linesOf((log) => log.error(error, 'x')),
      /"err":\{"name":"Error","message":"could not"/,
    );
  });

  test('errors that quote what they were given are cut before the quotation', () => {
    const quoting: readonly (() => unknown)[] = [
      () => JSON.parse('hunter2'),
      () => JSON.parse('"hunter2'),
      () => JSON.parse('{"a": hunter2}'),
      () => JSON.parse(`{"long": "${'x'.repeat(100)}" hunter2 ${'y'.repeat(100)}}`),
      () => Buffer.from('x').toString('hunter2' as BufferEncoding),
      () => new URL('hunter2'),
      () => process.kill('hunter2' as unknown as number),
      () => Buffer.alloc('hunter2' as unknown as number),
      () => process.umask('hunter2'),
    ];
    for (const act of quoting) {
      let error: unknown;
      try {
        act();
      } catch (thrown) {
        error = thrown;
      }
      if (error === undefined) continue;
      assert.doesNotMatch(
        linesOf((log) => log.error({ err: error }, 'x')),
        /hunter2/,
        String(act),
      );
    }
    assert.match(
      linesOf((log) => log.error({ err: errorOf(() => JSON.parse('hunter2')) }, 'x')),
      /is not valid JSON/,
    );
  });

  test('an object that is not plain data is named and not opened', () => {
    class Locked {
      readonly words = 'hunter2';
      toJSON(): string {
        return this.words;
      }
    }
    assert.deepEqual(
      redactedFields({ locked: new Locked(), map: new Map([['secret', 'hunter2']]), act: () => 1, big: 2n }),
      {
        locked: '[Locked]',
        map: { secret: '[redacted]' },
        act: '[function]',
        big: '2',
      },
    );
  });

  test('what has no end is written up to an end', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    assert.match(JSON.stringify(redactedFields(circle)), /\[deeper\]/);
    const list = redactedFields({ list: Array.from({ length: 1000 }, (_, index) => index) })['list'];
    assert.equal((list as unknown[]).at(-1), '[900 more]');
  });
});

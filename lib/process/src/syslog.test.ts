import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { openDatagramReceiver } from './datagram-receiver.ts';
import { createLog } from './log.ts';
import { openSyslog, syslogDatagram } from './syslog.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-syslog-'));
after(() => rmSync(directory, { recursive: true }));
const device = path.join(directory, 'log');

describe('syslog', () => {
  test('a datagram carries facility daemon, the severity of the level, local time, name and process id', () => {
    const at = new Date(2026, 10, 5, 7, 8, 9);
    const of = (level: string): string =>
      Buffer.from(syslogDatagram('chatelaine-keep', `{"level":"${level}","msg":"x"}\n`, at)).toString();
    assert.equal(of('error'), `<27>Nov  5 07:08:09 chatelaine-keep[${process.pid}]: {"level":"error","msg":"x"}`);
    assert.deepEqual(
      ['error', 'warn', 'info', 'debug'].map((level) => of(level).slice(0, 4)),
      ['<27>', '<28>', '<30>', '<31>'],
    );
  });

  test('an entry arrives, also after the daemon was started anew', () => {
    const log = createLog({ process: 'keep', destination: openSyslog('chatelaine-keep', device) });
    for (let run = 0; run < 2; run += 1) {
      const receiver = openDatagramReceiver(device);
      log.warn({ run }, 'hello');
      assert.match(
        receiver.receive() ?? '',
        new RegExp(`^<28>.* chatelaine-keep\\[\\d+\\]: \\{"level":"warn",.*"run":${run},"msg":"hello"\\}$`),
      );
      receiver.close();
    }
  });

  test('a daemon that does not read holds nobody up, and is told afterwards how much it missed', () => {
    const receiver = openDatagramReceiver(device);
    const log = createLog({ process: 'keep', destination: openSyslog('chatelaine-keep', device) });
    for (let entry = 0; entry < 300; entry += 1) log.info({ entry, filling: 'x'.repeat(4000) }, 'entry');
    let received = 0;
    while (receiver.receive() !== undefined) received += 1;
    assert.ok(received > 0 && received < 300);
    log.info('after');
    assert.match(receiver.receive() ?? '', new RegExp(`"lost":${300 - received},`));
    assert.match(receiver.receive() ?? '', /"msg":"after"/);
    receiver.close();
  });

  test('an entry that is too long is cut', () => {
    assert.equal(syslogDatagram('x', `{"level":"info","msg":"${'y'.repeat(20_000)}"}`, new Date()).length, 8192);
  });
});

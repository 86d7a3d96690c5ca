import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Operation, ok, publicOperations, refuse } from '@chatelaine/contract';
import { commands } from './commands.ts';
import { startFront } from './testing/join-front.ts';

const READY = 'READY 1\n';
const user = {
  ...{ name: 'smithj', fullName: 'John Smith', groups: [], state: 'enabled', createdAtUnixMs: 1, sshKeys: [] },
  hasPassPhrase: false,
  codeAtLogin: 'optional',
};
const refusalIn = (heard: string): string => JSON.parse(heard.split('\n')[1] ?? '').code;

describe('a session', () => {
  test('is the one of the protocol’s description, but for commas: a code is checked, a user made, and it ends in order', async () => {
    await using started = await startFront();
    started.answer(({ operation }) => ok(operation === 'users.add' ? user : { credential: 'default' }));
    const client = await started.connect('K2 - token-1\n');
    assert.equal(await client.hear(), READY);
    assert.equal(await client.ask('AUTH TOTP AKkornel 123456'), `OK\n${READY}`);
    assert.equal(await client.ask('USER CREATE smithj'), 'MORE\n');
    const told = '{\n"GivenName": "John",\n"Surname": "Smith"\n}\n.';
    assert.equal(await client.ask(told), `OK\n{"Username":"smithj","UID":"smithj"}\n${READY}`);
    assert.equal(await client.ask('QUIT'), 'OK\nBYE\n');
    assert.deepEqual(
      started.seen.map(({ operation, input }) => [operation, input]),
      [
        ['totp.verify', { user: 'akkornel', code: '123456' }],
        ['users.add', { name: 'smithj', fullName: 'John Smith', groups: [] }],
      ],
    );
  });

  test('ends with BYE also when the client only closes its side, once everything was answered', async () => {
    await using started = await startFront();
    started.answer(() => ok({ credential: 'default' }));
    const client = await started.join();
    client.end('AUTH HOTP ada 1\r\nAUTH HOTP ada 2\r\nGET K2KSM.testMode\n');
    assert.equal(await client.hear(), `OK\n${READY}`);
    assert.equal(await client.hear(), `OK\n${READY}`);
    assert.equal(await client.hear(), `OK\n{"K2KSM.testMode":false}\n${READY}`);
    assert.equal(await client.hear(), 'BYE\n');
  });

  test('does nothing about a line that was cut off', async () => {
    await using started = await startFront();
    const client = await started.join();
    client.end('USER DELETE smithj');
    assert.equal(await client.hear(), 'BYE\n');
    assert.equal(started.seen.length, 0);
  });

  test('asks in the name of its token, from where its client came', async () => {
    await using started = await startFront();
    started.answer(() => ok({ credential: 'default' }));
    const client = await started.join();
    await client.ask('AUTH HOTP ada 123456');
    assert.equal(started.seen[0]?.credential, 'token-1');
    assert.equal(started.seen[0]?.options.source, '192.0.2.7');
    assert.match(started.seen[0]?.options.requestId ?? '', /^[\w-]{36}$/);
  });

  test('without a token asks nothing, and shows itself all the same', async () => {
    await using started = await startFront();
    const client = await started.connect('K2 - -\n');
    await client.hear();
    for (const [words, { takesData }] of commands) {
      assert.equal(await client.refusalOf(`${words} a b c`), 'K2KSM unauthenticated', `${words} ${takesData}`);
    }
    assert.match(await client.ask('GET'), /^OK\n\{"K2KSM\.OverrideCounter":null,.*\}\n/);
    assert.equal(started.seen.length, 0);
  });

  test('that begins with anything else is over', async () => {
    await using started = await startFront();
    for (const greeting of [
      ...[
        'AUTH HOTP ada 123456\n',
        'K2\n',
        'K2 -\n',
        'K2 - \n',
        'K2 a token\n',
        'K2 - token more\n',
        'k2 - token\n',
        '\n',
      ],
      ...[`K2 - ${'t'.repeat(513)}\n`, `K2 - ${'t'.repeat(2_000)}\n`, 'K2 192.0.2.7/8 token\n', 'K2 - t\u00e9\n'],
    ]) {
      const client = await started.connect(greeting);
      assert.match(await client.hear(), /^NOK\n\{"module":"K2KSM",.*\}\nBYE\n$/, greeting);
    }
    const silent = await started.connect('');
    silent.end();
    assert.equal(await silent.hear(), 'BYE\n');
  });
});

describe('a command', () => {
  const bytes = Buffer.alloc(16, 3);
  const seed = Buffer.alloc(20, 7);
  const newSeed = { secret: { kind: 'new', sizeBytes: 20 }, digits: 6, algorithm: 'sha1' };
  const page = { limit: 100 };
  /** What each is asked as; with data, what is sent as it. */
  const asked: readonly (readonly [line: string, operation: string, input: object, data?: object])[] = [
    ['AUTH HOTP Ada 012345', 'hotp.verify', { user: 'ada', code: '012345' }],
    ['AUTH TOTP ada 00000000', 'totp.verify', { user: 'ada', code: '00000000' }],
    ['AUTH YUBIOTP ada cccc', 'yubiotp.verify', { user: 'ada', otp: 'cccc' }],
    [
      'USER CREATE ada',
      'users.add',
      { name: 'ada', fullName: 'Ada L.', groups: [] },
      { GivenName: 'Ada', Surname: 'L.' },
    ],
    ['USER DELETE ada', 'users.remove', { name: 'ada' }],
    ['USER ENABLE ada', 'users.enable', { name: 'ada' }],
    ['USER DISABLE ada', 'users.disable', { name: 'ada' }],
    ['USER SHOW ada', 'users.show', { name: 'ada' }],
    ['USER LIST', 'users.list', page],
    ['USER LIST next', 'users.list', { ...page, cursor: 'next' }],
    ['AES CREATE ada key 32', 'aes.generate', { user: 'ada', key: 'key', sizeBytes: 32 }],
    [
      ...(['AES IMPORT ada key', 'aes.import', { user: 'ada', key: 'key', value: new Uint8Array(bytes) }] as const),
      { value: bytes.toString('base64') },
    ],
    ['AES DELETE ada key', 'aes.remove', { user: 'ada', key: 'key' }],
    ['AES LIST ada', 'aes.list', { user: 'ada', ...page }],
    ['LINK CREATE ada key HOTP', 'aes.link', { user: 'ada', key: 'key', module: 'hotp' }],
    ['LINK DELETE ada key YUBIOTP', 'aes.unlink', { user: 'ada', key: 'key', module: 'yubiotp' }],
    [
      ...(['HOTP ENROLL ada default', 'hotp.enroll'] as const),
      ...([{ user: 'ada', credential: 'default', ...newSeed, lookAhead: 10, counter: 0 }, {}] as const),
    ],
    [
      ...(['TOTP ENROLL ada default', 'totp.enroll'] as const),
      ...([
        {
          ...{ user: 'ada', credential: 'default', ...newSeed, digits: 8, periodSeconds: 30, window: 1 },
          secret: { kind: 'given', value: new Uint8Array(seed) },
        },
        { digits: 8, secret: { kind: 'given', value: seed.toString('base64') } },
      ] as const),
    ],
    ['YUBIOTP ENROLL ada cccc', 'yubiotp.enroll', { user: 'ada', publicId: 'cccc', secret: { kind: 'new' } }, {}],
    ...(['hotp', 'totp'] as const).flatMap((name): readonly (typeof asked)[number][] => {
      const [word, of] = [name.toUpperCase(), { user: 'ada', credential: 'default' }];
      const row = ['111111', '222222'];
      return [
        [`${word} CONFIRM ada default 111111 222222`, `${name}.confirm`, { ...of, codes: row }],
        [`${word} RESYNC ada default 111111 222222`, `${name}.resync`, { ...of, codes: row }],
        [`${word} DELETE ada default`, `${name}.remove`, of],
        [`${word} RESET ada`, `${name}.allow-tries`, { user: 'ada' }],
        [`${word} LIST * next`, `${name}.list`, { ...page, cursor: 'next' }],
      ];
    }),
    ['YUBIOTP CONFIRM ada cccc dddd', 'yubiotp.confirm', { user: 'ada', publicId: 'cccc', otp: 'dddd' }],
    ['YUBIOTP RESYNC ada cccc dddd', 'yubiotp.resync', { user: 'ada', publicId: 'cccc', otp: 'dddd' }],
    ['YUBIOTP DELETE ada cccc', 'yubiotp.remove', { user: 'ada', publicId: 'cccc' }],
    ['YUBIOTP LIST', 'yubiotp.list', page],
  ];

  test('is the operation that it stands for, each of them', async () => {
    await using started = await startFront();
    started.answer(() => refuse('denied'));
    const client = await started.join();
    const tried = new Set<string>();
    for (const [line, operation, input, data] of asked) {
      tried.add(line.split(' ', 2).join(' '));
      if (data !== undefined) {
        assert.equal(await client.ask(line), 'MORE\n', line);
        client.send(JSON.stringify(data));
      }
      assert.equal(await client.refusalOf(data === undefined ? line : '\n.'), 'K2KSM denied', line);
      const question = started.seen.at(-1);
      assert.deepEqual([question?.operation, question?.input], [operation, input], line);
    }
    assert.deepEqual([...tried].toSorted(), [...commands.keys()].toSorted());
  });

  test('is answered in JSON of one line; bytes are base64, and nothing is said where there is nothing to say', async () => {
    await using started = await startFront();
    started.answer(({ operation }) => ok(operation === 'hotp.enroll' ? { seed: Buffer.from(seed) } : {}));
    const client = await started.join();
    await client.ask('HOTP ENROLL ada default');
    assert.equal(await client.ask('{}\n.'), `OK\n{"seed":"${seed.toString('base64')}"}\n${READY}`);
    assert.equal(await client.ask('HOTP DELETE ada default'), `OK\n${READY}`);
  });

  test('that the keep refuses is NOK with the module and its stable code, for every code; nothing that was sent comes back', async () => {
    await using started = await startFront();
    const client = await started.join();
    const operation = publicOperations.find(({ name }) => name === 'yubiotp.verify') as Operation;
    for (const code of operation.refusals) {
      started.answer(() => refuse(code));
      const heard = await client.ask('AUTH YUBIOTP bellr vvhftbgkftenjkjvhcgjckuehnlvitedbellldnihcfc');
      assert.match(heard, new RegExp(`^NOK\\n\\{"module":"YUBIOTP","code":"${code}","details":".+"\\}\\n${READY}$`));
      assert.doesNotMatch(heard, /bellr|vvhf/);
    }
    for (const code of ['denied', 'unauthenticated', 'sealed', 'unavailable', 'unknown-operation'] as const) {
      started.answer(() => refuse(code));
      assert.equal(await client.refusalOf('AUTH YUBIOTP bellr cccc'), `K2KSM ${code}`);
    }
  });

  test('tells the keep where the person is, as the client said it with SET, until it says otherwise', async () => {
    await using started = await startFront();
    started.answer(() => ok({ credential: 'default' }));
    const client = await started.join();
    assert.equal(await client.ask('SET K2KSM.source 198.51.100.4'), `OK\n${READY}`);
    assert.equal(await client.ask('GET K2KSM.source'), `OK\n{"K2KSM.source":"198.51.100.4"}\n${READY}`);
    await client.ask('AUTH HOTP ada 123456');
    await client.ask('SET K2KSM.source');
    await client.ask('AUTH HOTP ada 123456');
    assert.deepEqual(
      started.seen.map(({ input }) => (input as { readonly source?: unknown }).source),
      [{ address: '198.51.100.4' }, undefined],
    );
    for (const setting of ['testMode true', 'ServerPrivate true', 'OverrideCounter 1', 'OverrideTimer 2020-01-01']) {
      assert.equal(await client.refusalOf(`SET K2KSM.${setting}`), 'K2KSM denied');
    }
    assert.equal(await client.refusalOf('SET K2KSM.source localhost'), 'K2KSM invalid-input');
    assert.equal(await client.refusalOf('SET HOTP.window 50'), 'K2KSM not-found');
    assert.equal(await client.refusalOf('GET __proto__'), 'K2KSM not-found');
  });
});

describe('what is no command', () => {
  test('is NOK and asks the keep nothing, and the session goes on', async () => {
    await using started = await startFront();
    const client = await started.join();
    for (const line of [
      ...[
        '',
        ' ',
        'auth HOTP ada 123456',
        'AUTH hotp ada 123456',
        'AUTH',
        'AUTH AES ada 123456',
        'AUTH HOTP',
        'HELO',
        '.',
      ],
      ...[
        'AUTH HOTP ada',
        'AUTH HOTP ada 123 456',
        ' AUTH HOTP ada 123456',
        'AUTH HOTP ada 123456 ',
        'AUTH  HOTP ada 123456',
      ],
      ...[
        'AUTH\tHOTP ada 123456',
        'AUTH HOTP ada 12345\u0000',
        'AUTH HOTP ada \u0661\u0662\u0663',
        'AUTH HOTP ad\u00e4 123456',
      ],
      ...[
        'AUTH HOTP ada 123\r456',
        'QUIT now',
        'SET',
        'SET K2KSM.source 1 2',
        'GET K2KSM.source 2',
        'USER CREATE',
        '{}',
      ],
      ...[
        'USER CREATE a b',
        'HOTP CONFIRM ada default',
        'HOTP RESYNC ada default 111111',
        '__proto__ x',
        'AUTH __proto__ a b',
      ],
    ]) {
      const wanted = line.startsWith('HOTP') || line.startsWith('AUTH HOTP') || line.startsWith('USER');
      const refusal = await client.refusalOf(line);
      assert.match(
        refusal,
        wanted ? /^(K2KSM|HOTP|USER) invalid-input$/ : /^K2KSM invalid-input$/,
        JSON.stringify(line),
      );
    }
    assert.equal(started.seen.length, 0);
    assert.equal(await client.ask('QUIT'), 'OK\nBYE\n');
  });

  test('an input that the declaration does not have is refused before the keep is asked', async () => {
    await using started = await startFront();
    const client = await started.join();
    for (const line of [
      ...['AES CREATE ada key 8', 'AES CREATE ada key 256bits', 'AES CREATE ada ../key 16', 'AES CREATE ada key -16'],
      ...['LINK CREATE ada key hotp', 'LINK CREATE ada key AUTH', 'LINK CREATE ada key __proto__'],
    ]) {
      assert.equal(await client.refusalOf(line), 'AES invalid-input', line);
    }
    assert.equal(await client.refusalOf('USER SHOW *'), 'USER invalid-input');
    assert.equal(await client.refusalOf(`AUTH HOTP ada ${'1'.repeat(33)}`), 'HOTP invalid-input');
    assert.equal(await client.refusalOf(`AUTH YUBIOTP ada ${'c'.repeat(101)}`), 'YUBIOTP invalid-input');
    assert.equal(started.seen.length, 0);
  });

  test('a code goes to the keep as it was typed, as text: which digits it has is judged there', async () => {
    await using started = await startFront();
    started.answer(() => refuse('wrong-code'));
    const client = await started.join();
    const codes = ['005924', '+05924', '-05924', '1e5', '0x1234', '123456.0', '12-34-56', '1', '\u0031'.repeat(32)];
    for (const code of codes) assert.equal(await client.refusalOf(`AUTH HOTP ada ${code}`), 'HOTP wrong-code');
    assert.deepEqual(
      started.seen.map(({ input }) => (input as { readonly code: string }).code),
      codes,
    );
  });

  test('data that is no JSON, no object or not what was asked for is NOK, and changes nothing', async () => {
    await using started = await startFront();
    const client = await started.join();
    for (const data of [
      ...[
        '',
        '{',
        '{} {}',
        '[]',
        'null',
        '"x"',
        '{"GivenName": "John"\n"Surname": "Smith"}',
        '{"GivenName":"J"}',
        '\ufeff{}',
      ],
      ...[
        '{"GivenName":"J","Surname":""}',
        '{"GivenName":1,"Surname":"S"}',
        '{"GivenName":"J","Surname":"S","UID":"0"}',
      ],
      `{"GivenName":"J","Surname":"${'S'.repeat(100)}"}`,
    ]) {
      assert.equal(await client.ask('USER CREATE smithj'), 'MORE\n');
      assert.equal(await client.refusalOf(`${data}\n.`), 'USER invalid-input', data);
    }
    await client.ask('USER CREATE smithj');
    client.send(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    assert.equal(await client.refusalOf('.'), 'USER invalid-input', 'no UTF-8');
    for (const data of ['{"key":"other"}', '{"value":"?"}', '{"value":"AAAA"}', '{"value":5}', '{"more":1}']) {
      await client.ask('AES IMPORT ada key');
      assert.equal(await client.refusalOf(`${data}\n.`), 'AES invalid-input', data);
    }
    assert.equal(started.seen.length, 0);
  });
});

describe('what a client costs is bounded', () => {
  test('a line of 8 KiB is read, and one byte more is the end; so is a line without an end', async () => {
    await using started = await startFront();
    const longest = await started.join();
    assert.equal(await longest.refusalOf('A'.repeat(8_192)), 'K2KSM invalid-input');
    for (const line of [`${'A'.repeat(8_193)}\n`, 'A'.repeat(300_000)]) {
      const client = await started.join();
      client.send(line);
      const heard = await client.hear();
      assert.match(heard, /^NOK\n.*\nBYE\n$/);
      assert.equal(refusalIn(heard), 'too-large');
    }
  });

  test('data of 64 KiB is read, and more is the end, in one line or in many', async () => {
    await using started = await startFront();
    const fits = await started.join();
    await fits.ask('USER CREATE smithj');
    assert.equal(await fits.refusalOf(`${' '.repeat(65_000)}\n.`), 'USER invalid-input');
    for (const data of [' '.repeat(65_537), `${' '.repeat(70)}\n`.repeat(1_000)]) {
      const client = await started.join();
      await client.ask('USER CREATE smithj');
      client.send(data);
      assert.equal(refusalIn(await client.hear()), 'too-large');
    }
    assert.equal(started.seen.length, 0);
  });

  test('whoever does not finish a greeting, a line or their data, or says nothing at all, is let go', async () => {
    await using started = await startFront({ command_seconds: 1, idle_seconds: 1 });
    const [silent, slow, halfway, idle] = await Promise.all([
      started.connect(''),
      started.connect('K2 -'),
      started.join(),
      started.join(),
    ]);
    halfway.send('USER CREATE smithj\n{\n');
    assert.equal(await halfway.hear(), 'MORE\n');
    for (const client of [silent, slow, halfway, idle]) {
      const heard = await client.hear();
      assert.match(heard, /^NOK\n.*\nBYE\n$/);
      assert.equal(refusalIn(heard), 'deadline');
    }
  });

  test('a byte now and then does not keep a session', async () => {
    await using started = await startFront({ command_seconds: 1 });
    const client = await started.join();
    const drip = setInterval(() => client.send('A'), 50);
    const heard = await client.hear();
    clearInterval(drip);
    assert.equal(refusalIn(heard), 'deadline');
  });

  test('one session too many is told so, and the next one is served when another ended', async () => {
    await using started = await startFront({ max_sessions: 2 });
    const [first] = [await started.join(), await started.join()];
    const third = await started.connect('K2 - -\n');
    assert.equal(refusalIn(await third.hear()), 'busy');
    first.send('QUIT\n');
    await first.gone();
    const fourth = await started.connect('K2 - -\n');
    assert.equal(await fourth.hear(), READY);
  });
});

describe('the socket', () => {
  test('is for the group, or for everybody if that was said', async () => {
    await using group = await startFront();
    await using anyone = await startFront({ may_connect: 'anyone' });
    assert.equal(statSync(group.socket).mode & 0o777, 0o660);
    assert.equal(statSync(anyone.socket).mode & 0o777, 0o666);
  });

  test('is gone when the gate ends, which answers what is under way and says BYE to everybody', async () => {
    await using started = await startFront();
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    started.answer(async () => {
      await told;
      return ok({ credential: 'default' });
    });
    const [idle, busy] = [await started.join(), await started.join()];
    busy.send('AUTH HOTP ada 123456\n');
    while (started.seen.length === 0) await new Promise((again) => setImmediate(again));
    const drained = started.front.drain(60_000);
    assert.equal(await idle.hear(), 'BYE\n');
    assert.equal(existsSync(started.socket), false);
    tell();
    assert.equal(await busy.hear(), 'OK\nBYE\n');
    await drained;
  });
});

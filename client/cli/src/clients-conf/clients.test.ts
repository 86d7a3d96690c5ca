import assert from 'node:assert/strict';
import test from 'node:test';
import { readClients } from './clients.ts';
import { describeProblem } from './problem.ts';

const KEY = 'c0ffee00'.repeat(8);
const OTHER_KEY = 'deadbeef'.repeat(8);
const FINGERPRINT = '0123456789ABCDEF0123456789ABCDEF01234567';

const noFile = (): Uint8Array => {
  throw new Error('no such file');
};

const read = (text: string, readSecretFile: (path: string) => Uint8Array = noFile) =>
  readClients(Buffer.from(text), readSecretFile);

const only = (text: string, readSecretFile?: (path: string) => Uint8Array) => {
  const { machines, problems } = read(text, readSecretFile);
  assert.deepEqual(problems, []);
  assert.equal(machines.length, 1);
  const [first] = machines;
  assert.ok(first);
  return first.machine;
};

const problems = (text: string): string[] => read(text).problems.map((problem) => describeProblem('c', problem));

test('a stanza of mandos-keygen becomes a machine, its defaults those of Mandos', () => {
  const machine = only(
    `[web1]\nhost = web1\nkey_id = ${KEY}\nfingerprint = ${FINGERPRINT}\nsecret =\n    aGVs\n    bG8=\n`,
  );
  assert.deepEqual(
    { ...machine, secret: Buffer.from(machine.secret).toString() },
    {
      name: 'web1',
      keyId: KEY,
      fingerprint: FINGERPRINT,
      secret: 'hello',
      enabled: true,
      settings: {
        host: 'web1',
        checker: 'fping -q -- %(host)s',
        timeoutMs: 300_000,
        extendedTimeoutMs: 900_000,
        intervalMs: 120_000,
        approvalDelayMs: 0,
        approvalDurationMs: 1_000,
        approvedByDefault: true,
        compat: 'mandos',
      },
    },
  );
});

test('[DEFAULT] speaks for every machine that says nothing else', () => {
  const { machines } = read(
    `[DEFAULT]\ntimeout = 1h\nenabled = no\nsecret = AAAA\n[a]\nkey_id=${KEY}\n[b]\nkey_id=${OTHER_KEY}\nenabled=ON\n`,
  );
  assert.deepEqual(
    machines.map(({ machine }) => [machine.name, machine.enabled, machine.settings.timeoutMs]),
    [
      ['a', false, 3_600_000],
      ['b', true, 3_600_000],
    ],
  );
});

test('the checker keeps what is filled in when it runs, and gets what is filled in when it is read', () => {
  const text = `[a]\nkey_id=${KEY}\nsecret=AAAA\nhost=h\nssh_fingerprint=ssh-ed25519 AAAA\nchecker=scan %%(host)s | grep '%(ssh_fingerprint)s' %(host)s\n`;
  assert.equal(only(text).settings.checker, "scan %(host)s | grep 'ssh-ed25519 AAAA' h");
  const { notes } = read(text);
  assert.deepEqual(
    notes.map((note) => note.option),
    ['ssh_fingerprint'],
  );
});

test('a key id may be written in either case and with spaces', () => {
  assert.equal(only(`[a]\nkey_id = ${KEY.toUpperCase().replace(/(.{8})/g, '$1 ')}\nsecret=AAAA\n`).keyId, KEY);
});

test('secfile gives the bytes of the file as they are; secret wins over it', () => {
  const bytes = Buffer.from([0, 10, 255]);
  const machine = only(`[a]\nkey_id=${KEY}\nsecfile=/s/x\n`, (path) => (path === '/s/x' ? bytes : noFile()));
  assert.deepEqual(Buffer.from(machine.secret), bytes);
  assert.equal(only(`[a]\nkey_id=${KEY}\nsecfile=/s/x\nsecret=AAAA\n`).secret.length, 3);
});

test('a machine of the time before raw keys is read, with a word that it cannot be served', () => {
  const text = `[old]\nfingerprint = ${FINGERPRINT.toLowerCase()}\nsecret=AAAA\n`;
  const machine = only(text);
  assert.equal(machine.keyId, undefined);
  assert.equal(machine.fingerprint, FINGERPRINT);
  assert.match(read(text).notes[0]?.message ?? '', /cannot be served/);
});

test('every mistake is named by file, line, section and option', () => {
  assert.deepEqual(
    problems(
      [
        '[DEFAULT]',
        'interval = soon',
        '[a]',
        'key_id = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        'secret = AAA',
        'timeout = P1Y3D',
        'enabled = maybe',
        'host = %(nowhere)s',
        '[b]',
        'key_id = 12',
        'secfile = /nowhere',
        'checker = 100%',
        '[c]',
        '',
        '[d/]',
        `key_id = ${KEY}`,
        'secret = AAAA',
        '[e]',
        `key_id = ${KEY}`,
        'secret = AAAA',
      ].join('\n'),
    ),
    [
      'c:2: [DEFAULT] interval: is not a duration such as "PT5M", "P1DT12H" or "5m 30s"',
      'c:4: [a] key_id: is the SHA-256 of nothing, which a faulty client version used for every machine; make a new TLS key',
      'c:5: [a] secret: is not base64: its end is missing',
      'c:6: [a] timeout: is not a duration such as "PT5M", "P1DT12H" or "5m 30s"',
      'c:7: [a] enabled: is neither yes nor no (1/yes/true/on, 0/no/false/off)',
      'c:8: [a] host: refers to an option "nowhere" that is not there',
      'c:10: [b] key_id: must be 64 lower-case hexadecimal digits',
      'c:11: [b] secfile: cannot be read: no such file',
      'c:12: [b] checker: "%" stands alone; write "%%" for a per cent sign',
      'c:13: [c] has neither "key_id" nor "fingerprint"',
      'c:13: [c] has neither "secret" nor "secfile"',
      'c:15: [d/] the name must be 1 to 8 segments joined by "/", each of 1 to 255 bytes and without control characters',
      'c:18: [e] key_id: the same key is given to [d/] at line 15',
    ],
  );
});

test('no mistake repeats a secret', () => {
  const text = `[a]\nkey_id=${KEY}\nsecret = U0VDUkVUIPASSWORD\nsecret = U0VDUkVUIPASSWORD\n`;
  assert.doesNotMatch(problems(text).join('\n'), /U0VD/);
});

test('an empty file is a file without machines', () => {
  assert.deepEqual(read(''), { machines: [], problems: [], notes: [], differences: [] });
});

test('an option that refers to itself, or doubles at every step, is refused and not followed', () => {
  const doubling = Array.from({ length: 10 }, (_, step) => `o${step} = ${`%(o${step + 1})s`.repeat(12)}`).join('\n');
  const text = `[a]\nkey_id=${KEY}\nsecret=AAAA\nhost = %(host)s\n${doubling}\no10 =\n`;
  const messages = problems(text).join('\n');
  assert.match(messages, /host: refers to other options more than 10 deep/);
  assert.match(messages, /o1: refers to other options too often/);
});

test('a secret at the limit is taken, one beyond it is not', () => {
  const withSecret = (size: number): string => `[a]\nkey_id=${KEY}\nsecret=${Buffer.alloc(size).toString('base64')}\n`;
  assert.equal(only(withSecret(262_144)).secret.length, 262_144);
  assert.match(problems(withSecret(262_145))[0] ?? '', /secret: is larger than 262144 bytes/);
});

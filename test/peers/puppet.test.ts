// Debian's puppet compiles manifests against a server of ours: with our functions and their Hiera provider, and with functions that call
// the gem's class as the module trocla does.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { formats } from '@chatelaine/password-hash';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const root = path.join(import.meta.dirname, '..', '..');
const chatelaine = path.join(root, 'bin', 'chatelaine');
const integration = path.join(root, 'integrations', 'puppet');
const PATIENCE_MS = 120_000;

interface World {
  readonly instance: DevInstance;
  readonly conf: string;
  readonly server: string;
  /** What the manifest notices, a line each. */
  readonly apply: (manifest: string, env?: Readonly<Record<string, string>>) => Promise<readonly string[]>;
  /** The command that compiles it, for another one to run. */
  readonly commandFor: (manifest: string) => readonly string[];
  /** What puppet says when it cannot compile it. */
  readonly fail: (manifest: string) => Promise<string>;
}

const noticesIn = (output: string): readonly string[] =>
  [...output.matchAll(/^Notice: Scope\(Class\[main\]\): (.*)$/gm)].map(([, line]) => line ?? '');

const makeWorld = async (scratch: Scratch, grants: readonly string[], modules: string): Promise<World> => {
  const instance = await startDevInstance(scratch);
  const directory = scratch.directory();
  const conf = path.join(directory, 'conf');
  mkdirSync(path.join(conf, 'data'), { recursive: true });
  const made = ['token', 'create', 'puppet', ...grants.flatMap((grant) => ['--grant', grant])];
  const token = path.join(conf, 'token');
  writeFileSync(token, await instance.run(made), { mode: 0o600 });
  const certificate = path.join(instance.dir, 'gate', 'http.crt');
  const server = `server: https://${instance.https}\n  token_file: ${token}\n  ca_file: ${certificate}\n`;
  writeFileSync(path.join(conf, 'chatelaine.yaml'), server.replaceAll('\n  ', '\n'));
  const commandFor = (manifest: string): readonly [string, ...string[]] => {
    const file = path.join(directory, 'site.pp');
    writeFileSync(file, manifest);
    const places = ['--confdir', conf, '--vardir', path.join(directory, 'var'), '--modulepath', modules];
    return ['puppet', 'apply', '--color=false', ...places, '--hiera_config', path.join(conf, 'hiera.yaml'), file];
  };
  const run = (manifest: string, env: Readonly<Record<string, string>> = {}) => {
    const [program, ...args] = commandFor(manifest);
    return runProgram(program, args, { env, patienceMs: PATIENCE_MS });
  };
  return {
    instance,
    conf,
    server,
    commandFor,
    apply: async (manifest, env) => {
      const { code, stdout, stderr } = await run(manifest, env);
      assert.equal(code, 0, stderr);
      return noticesIn(stdout.toString());
    },
    fail: async (manifest) => {
      const { code, stderr } = await run(manifest);
      assert.notEqual(code, 0);
      return stderr;
    },
  };
};

const isOf = async (plain: string, format: string, stored: string): Promise<boolean> =>
  (await formats.get(format)?.verify?.(Buffer.from(plain), Buffer.from(stored)))?.kind === 'match';

const ourModules = (scratch: Scratch): string => {
  const modules = scratch.directory();
  symlinkSync(path.join(integration, 'chatelaine'), path.join(modules, 'chatelaine'));
  return modules;
};

test('the same manifest compiled twice gives the same hash, and it is that of the password', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, ['passwords.*:**'], ourModules(scratch));
  const manifest = `
    notice(trocla('user1', 'sha512crypt'))
    notice(trocla('user1'))
    notice(trocla('pin', 'plain', '{length: 4, charset: numeric}'))
    notice(trocla('host', 'sshkey', { 'type' => 'ed25519', 'render' => { 'pubonly' => true } }))
    notice(trocla('user1', 'plain', { 'sensitive' => true }))
  `;
  const first = await world.apply(manifest);
  const [hash = '', plain = '', pin, key, wrapped] = first;
  assert.ok(await isOf(plain, 'sha512crypt', hash));
  assert.match(pin ?? '', /^\d{4}$/);
  assert.match(key ?? '', /^ssh-ed25519 \S+/);
  assert.equal(wrapped, 'Sensitive [value redacted]');
  assert.deepEqual(await world.apply(manifest), first);
  assert.equal((await world.instance.run(['password', 'get', 'user1', 'plain'])).trim(), plain);
});

test('what is got is not made, and what is set stays as it is with what was derived', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, ['passwords.*:**'], ourModules(scratch));
  const manifest = `
    notice("none: \${trocla_get('user1', 'mysql', false)}.")
    notice("none: \${trocla_get('user1', 'mysql', 'raise_error: false')}.")
    notice(trocla_set('user2', 'mysecret', 'plain', 'sha512crypt'))
    notice(trocla_set('user3', '*ABC', 'mysql'))
    notice(trocla_get('user2'))
  `;
  const first = await world.apply(manifest);
  assert.deepEqual(first.slice(0, 2), ['none: .', 'none: .']);
  assert.ok(await isOf('mysecret', 'sha512crypt', first[2] ?? ''));
  assert.deepEqual(first.slice(3), ['*ABC', 'mysecret']);
  assert.deepEqual(await world.apply(manifest), first);
  assert.match(await world.fail(`notice(trocla_get('user9'))`), /No password found for key=user9, format=plain!/);
  assert.match(
    await world.fail(`notice(trocla_set('user3', '*ABC', 'mysql', 'bcrypt'))`),
    /Plaintext password is not present/,
  );
  assert.match(await world.fail(`notice(trocla('x', 'md6'))`), /is no format/);
});

test('a token for hashes compiles hashes and never learns a password', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, ['passwords.create.hashes:mail/*'], ourModules(scratch));
  const [hash = ''] = await world.apply(`notice(trocla('mail/a', 'sha512crypt'))`);
  assert.match(hash, /^\$6\$/);
  assert.match(await world.fail(`notice(trocla('mail/a'))`), /denied/);
  assert.match(await world.fail(`notice(trocla('web/a', 'sha512crypt'))`), /denied/);
});

test('a machine that runs Puppet on itself gets its passwords by its own key, with no token in any file', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, [], ourModules(scratch));
  const { instance, conf } = world;
  const keys = path.join(scratch.directory(), 'keys');
  await instance.run(['machine', 'enroll', 'web1', '--key-dir', keys, '--timeout', '1h'], { input: 'disk password' });
  await instance.run(['policy', 'grant', 'machine:web1', 'passwords.create', 'web/*']);
  writeFileSync(path.join(conf, 'chatelaine.yaml'), `ca_file: ${path.join(instance.dir, 'gate', 'http.crt')}\n`);
  const { fingerprint256 } = new X509Certificate(readFileSync(path.join(instance.dir, 'gate', 'http.crt')));
  const who = ['--key', path.join(keys, 'tls-privkey.pem'), '--name', 'web1', '--fingerprint', fingerprint256];
  const puppet = world.commandFor(`notice(trocla('web/a', 'sha512crypt'))\nnotice(trocla('web/a'))`);
  const args = ['machine', 'token', '--server', `https://${instance.https}`, ...who, '--', ...puppet];
  const { code, stdout, stderr } = await runProgram(chatelaine, args, { patienceMs: PATIENCE_MS });
  assert.equal(code, 0, stderr);
  const [hash = '', plain = ''] = noticesIn(stdout.toString());
  assert.ok(await isOf(plain, 'sha512crypt', hash));
});

test('Hiera looks passwords up: by key, and along the hierarchy', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, ['passwords.*:**'], ourModules(scratch));
  writeFileSync(
    path.join(world.conf, 'hiera.yaml'),
    `version: 5
hierarchy:
  - name: passwords
    lookup_key: trocla_lookup_key
    options:
      trocla_hierarchy: [nodes/web1, defaults]
      config: ${world.conf}/chatelaine.yaml
  - name: data
    data_hash: yaml_data
    datadir: ${world.conf}/data
    path: common.yaml
`,
  );
  writeFileSync(
    path.join(world.conf, 'data', 'common.yaml'),
    `app::hash: "%{lookup('trocla_lookup::mysql::app')}"
app::own: "<%{lookup('trocla_hierarchy::plain::own')}>"
app::shared: "%{lookup('trocla_hierarchy::plain::shared')}"
app::placed: "%{lookup('trocla_hierarchy::plain::placed')}"
trocla_options: { length: 20, plain: { charset: hexadecimal } }
trocla_options::own: { length: 24 }
trocla_options::placed: { order_override: defaults }
`,
  );
  await world.instance.run(['password', 'set', 'hiera/defaults/shared', 'plain'], { input: 'of all' });
  const manifest = `
    notice(lookup('app::hash'))
    notice(lookup('app::own'))
    notice(lookup('app::shared'))
    notice(lookup('app::placed'))
    notice(lookup('app::absent', undef, undef, 'nothing'))
  `;
  const first = await world.apply(manifest);
  const plain = (await world.instance.run(['password', 'get', 'app', 'plain'])).trim();
  assert.match(plain, /^.{20}$/);
  assert.ok(await isOf(plain, 'mysql', first[0] ?? ''));
  assert.match(first[1] ?? '', /^<[0-9a-f]{24}>$/);
  assert.deepEqual([first[2], first[4]], ['of all', 'nothing']);
  assert.deepEqual(await world.apply(manifest), first);
  const keys = (await world.instance.run(['password', 'search', '^hiera/'])).trim().split('\n');
  assert.deepEqual(keys, ['hiera/defaults/placed', 'hiera/defaults/shared', 'hiera/nodes/web1/own']);
});

test('a class of the name of the gem does for functions that were written for the gem', async () => {
  await using scratch = new Scratch();
  const modules = scratch.directory();
  const functions = path.join(modules, 'gem', 'lib', 'puppet', 'functions');
  mkdirSync(functions, { recursive: true });
  writeFileSync(
    path.join(functions, 'through_gem.rb'),
    `require 'trocla'
Puppet::Functions.create_function(:through_gem) do
  def through_gem(config)
    trocla = Trocla.new(config)
    answers = [
      trocla.password('user1', 'sha512crypt', {}),
      trocla.password('user1', 'plain', { 'length' => 9 }),
      trocla.get_password('nobody', 'plain').inspect,
      trocla.set_password('user2', 'mysql', '*ABC'),
      trocla.password('s', 'sha1').end_with?("\\n").to_s,
      (begin; trocla.password('x', 'pgsql', { 'encode' => 'md5' }); rescue StandardError => e; e.message; end),
    ]
    trocla.close
    answers.join(' ')
  end
end
`,
  );
  const world = await makeWorld(scratch, ['passwords.*:**'], modules);
  const config = path.join(world.conf, 'troclarc.yaml');
  writeFileSync(config, `store: :chatelaine\nstore_options:\n  ${world.server}`);
  const env = {
    RUBYLIB: path.join(integration, 'trocla-class', 'lib'),
    CHATELAINE_TROCLA: path.join(root, 'bin', 'trocla'),
  };
  const [line = ''] = await world.apply(`notice(through_gem('${config}'))`, env);
  const [hash = '', plain = '', none, set, hasLineBreak, ...refusal] = line.split(' ');
  assert.ok(await isOf(plain, 'sha512crypt', hash));
  assert.deepEqual([none, set, hasLineBreak], ['nil', '*ABC', 'true']);
  assert.match(refusal.join(' '), /username/);
  assert.deepEqual(await world.apply(`notice(through_gem('${config}'))`, env), [line]);
});

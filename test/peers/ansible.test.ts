// Ansible gets passwords from a server of ours: by the lookup and by the module, the same in every run.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { formats } from '@chatelaine/password-hash';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { type Finished, runProgram } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

const integration = path.join(import.meta.dirname, '..', '..', 'integrations', 'ansible');
const PATIENCE_MS = 180_000;

interface World {
  readonly instance: DevInstance;
  readonly play: (tasks: string, extra?: readonly string[]) => Promise<Finished>;
}

const makeWorld = async (scratch: Scratch, grants: readonly string[]): Promise<World> => {
  const instance = await startDevInstance(scratch);
  const directory = scratch.directory();
  const token = path.join(directory, 'token');
  const made = ['token', 'create', 'ansible', ...grants.flatMap((grant) => ['--grant', grant])];
  writeFileSync(token, await instance.run(made), { mode: 0o600 });
  const vars = [
    `chatelaine_server=https://${instance.https}`,
    `chatelaine_token_file=${token}`,
    `chatelaine_ca_file=${path.join(instance.dir, 'gate', 'http.crt')}`,
  ];
  const env = {
    ANSIBLE_LOOKUP_PLUGINS: path.join(integration, 'lookup_plugins'),
    ANSIBLE_LIBRARY: path.join(integration, 'library'),
    ANSIBLE_MODULE_UTILS: path.join(integration, 'module_utils'),
    ANSIBLE_LOCAL_TEMP: path.join(directory, 'tmp'),
    ANSIBLE_REMOTE_TEMP: path.join(directory, 'tmp'),
    ANSIBLE_NOCOLOR: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    LC_ALL: 'C.UTF-8',
    HOME: directory,
  };
  return {
    instance,
    play: (tasks, extra = []) => {
      const book = path.join(directory, 'play.yml');
      const lines = tasks.trimEnd().replaceAll('\n', '\n    ');
      writeFileSync(
        book,
        `- hosts: localhost\n  connection: local\n  gather_facts: false\n  module_defaults:\n    chatelaine_password:\n` +
          `      server: "{{ chatelaine_server }}"\n      token_file: "{{ chatelaine_token_file }}"\n` +
          `      ca_file: "{{ chatelaine_ca_file }}"\n  tasks:\n    ${lines}\n`,
      );
      const args = ['-i', 'localhost,', ...vars.flatMap((one) => ['-e', one]), ...extra, book];
      return runProgram('ansible-playbook', args, { env, cwd: directory, patienceMs: PATIENCE_MS });
    },
  };
};

/** What the tasks said with `msg: "NAME …"`. */
const saidBy = ({ stdout }: Finished): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...stdout.toString().matchAll(/"msg": "([A-Z]+) (.*)"/g)].map(([, name = '', text = '']) => [
      name,
      JSON.parse(`"${text}"`),
    ]),
  );

const say = (name: string, expression: string): string => `- debug: { msg: "${name} {{ ${expression} }}" }\n`;

test('the lookup gives the same in every run, and the hash is that of the password', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, ['passwords.*:**']);
  const tasks =
    say('HASH', `lookup('chatelaine_password', 'mail/user1', format='sha512crypt')`) +
    say('PLAIN', `lookup('chatelaine_password', 'mail/user1')`) +
    say('PIN', `lookup('chatelaine_password', 'pin', options={'length': 5, 'charset': 'numeric'})`);
  const first = await world.play(tasks);
  assert.equal(first.code, 0, first.stdout.toString());
  const { HASH: hash = '', PLAIN: plain = '', PIN: pin } = saidBy(first);
  const verdict = await formats.get('sha512crypt')?.verify?.(Buffer.from(plain), Buffer.from(hash));
  assert.equal(verdict?.kind, 'match');
  assert.match(pin ?? '', /^\d{5}$/);
  assert.deepEqual(saidBy(await world.play(tasks)), saidBy(first));
});

test('what may not be made is an error, and what may not be had is denied', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, ['passwords.get.hashes:mail/*']);
  const absent = await world.play(say('X', `lookup('chatelaine_password', 'mail/a', format='mysql', create=false)`));
  assert.notEqual(absent.code, 0);
  assert.match(absent.stdout.toString(), /no password is stored for key=mail\/a, format=mysql/);
  const denied = await world.play(say('X', `lookup('chatelaine_password', 'mail/a')`));
  assert.notEqual(denied.code, 0);
  assert.match(denied.stdout.toString(), /denied/);
});

test('the module changes once, tells what it would do, and shows no value that was given', async () => {
  await using scratch = new Scratch();
  const world = await makeWorld(scratch, ['passwords.*:**']);
  const tasks = `
- chatelaine_password: { key: db, format: mysql }
  register: made
- chatelaine_password: { key: own, value: hunter2-in-the-open }
  register: own
- chatelaine_password: { key: gone, state: key_absent }
  register: gone
- debug: { msg: "CHANGED {{ made.changed }} {{ own.changed }} {{ gone.changed }}" }
`.trimStart();
  const checked = await world.play(tasks, ['--check']);
  assert.equal(checked.code, 0, checked.stdout.toString());
  assert.equal(saidBy(checked)['CHANGED'], 'True True False');
  assert.equal((await world.instance.run(['password', 'list', '--json'])).trim(), '[]');
  const first = await world.play(tasks, ['-vvv']);
  assert.equal(saidBy(first)['CHANGED'], 'True True False');
  assert.ok(
    !first.stdout
      .toString()
      .replaceAll(/value: hunter2-in-the-open/g, '')
      .includes('hunter2-in-the-open'),
  );
  assert.equal(saidBy(await world.play(tasks))['CHANGED'], 'False False False');
  assert.equal((await world.instance.run(['password', 'get', 'own', 'plain'])).trim(), 'hunter2-in-the-open');
  const removed = await world.play(tasks.replace('key: gone', 'key: db'));
  assert.equal(saidBy(removed)['CHANGED'], 'False False True');
});

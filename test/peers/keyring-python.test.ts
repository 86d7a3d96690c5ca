// python-keyring as Debian has it, with our backend, which it finds by its entry point.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { keyctl } from '@chatelaine/keyring';
import { type Finished, runProgram, runToSuccess } from '../support/run-program.ts';
import { Scratch } from '../support/scratch.ts';

keyctl.joinSessionKeyring();

const root = fileURLToPath(new URL('../..', import.meta.url));
const integration = path.join(root, 'integrations/keyring-python');

/** What pip would write down about the package, so that its entry point is found. */
const installInto = (directory: string): void => {
  const info = path.join(directory, 'chatelaine_keyring-0.1.0.dist-info');
  const project = readFileSync(path.join(integration, 'pyproject.toml'), 'utf8');
  const entry = /\[project\.entry-points\."(.*)"\]\n(\w+ = )"(.*)"\n/.exec(project);
  mkdirSync(info);
  writeFileSync(path.join(info, 'METADATA'), 'Metadata-Version: 2.1\nName: chatelaine-keyring\nVersion: 0.1.0\n');
  writeFileSync(path.join(info, 'entry_points.txt'), `[${entry?.[1]}]\n${entry?.[2]}${entry?.[3]}\n`);
};

class Python {
  readonly #env: Readonly<Record<string, string>>;

  constructor(scratch: Scratch) {
    const home = scratch.directory();
    installInto(home);
    this.#env = {
      HOME: home,
      XDG_CONFIG_HOME: path.join(home, '.config'),
      XDG_DATA_HOME: path.join(home, '.local'),
      PYTHONPATH: `${home}:${integration}`,
      PYTHONDONTWRITEBYTECODE: '1',
      PATH: `${path.join(root, 'bin')}:${process.env['PATH']}`,
    };
  }

  async chatelaine(args: readonly string[], input = ''): Promise<void> {
    await runToSuccess('chatelaine', ['keyring', ...args], { input, env: this.#env });
  }

  run(code: string): Promise<Finished> {
    return runProgram('/usr/bin/python3', ['-c', `import keyring, keyring.errors\n${code}`], { env: this.#env });
  }

  async print(code: string): Promise<string> {
    const { code: exit, stdout, stderr } = await this.run(code);
    assert.equal(exit, 0, stderr);
    return stdout.toString().trimEnd();
  }
}

test('until somebody has made a keyring with a lock, the backend is not viable', async () => {
  await using scratch = new Scratch();
  const python = new Python(scratch);
  assert.equal(await python.print('print("chatelaine" in str(keyring.backend.get_all_keyring()))'), 'False');
});

test('keyring.get_password reads what is under the lock, and says when it is locked', async () => {
  await using scratch = new Scratch();
  const python = new Python(scratch);
  await python.chatelaine(['init', '--sealed'], 'pass phrase');
  assert.match(await python.print('print(keyring.get_keyring())'), /chatelaine_keyring\.ChatelaineKeyring/);
  await python.print('keyring.set_password("sérvice", "-u:ser", "sécret\\n\\0 x")');
  const locked = await python.run('keyring.get_password("sérvice", "-u:ser")');
  assert.match(locked.stderr, /keyring\.errors\.KeyringLocked: chatelaine: The keyring is locked\./);
  assert.equal(await python.print('print(keyring.get_password("sérvice", "nobody"))'), 'None');
  await python.chatelaine(['unlock'], 'pass phrase');
  assert.equal(
    await python.print('print(repr(keyring.get_password("sérvice", "-u:ser")))'),
    String.raw`'sécret\n\x00 x'`,
  );
  assert.equal(
    await python.print('c = keyring.get_credential("sérvice", None); print(c.username, len(c.password))'),
    '-u:ser 10',
  );
  assert.equal(await python.print('print(keyring.get_credential("none", None))'), 'None');
  await python.print('keyring.delete_password("sérvice", "-u:ser")');
  assert.match((await python.run('keyring.delete_password("sérvice", "-u:ser")')).stderr, /PasswordDeleteError/);
  assert.match((await python.run('keyring.set_password("service", "user", "")')).stderr, /PasswordSetError.*empty/);
  assert.notEqual((await python.run('keyring.set_password("a\\0b", "user", "x")')).code, 0);
});

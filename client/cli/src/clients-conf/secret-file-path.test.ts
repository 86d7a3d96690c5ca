import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { expandSecretFilePath } from './secret-file-path.ts';

const environment = { HOME: '/srv/ada', KEYS: '/srv/keys', EMPTY: '', SLASHED: 'a$KEYS' };

const braced = (name: string): string => `$\{${name}}`;

const paths = [
  '/plain',
  '~/x',
  '~',
  '~root/x',
  '~root',
  '~nobody-of-that-name/x',
  '$KEYS/a',
  `${braced('KEYS')}/a`,
  '$KEYSX/a',
  '$UNKNOWN/a',
  `${braced('')}/a`,
  '${KEYS/a',
  '$$KEYS',
  '$EMPTY/x',
  '$SLASHED/x',
  `${braced('SLASHED')}x`,
  'a~b',
  'x/~/y',
  '$HOME$KEYS',
];

test('a path is expanded as Python expands it', () => {
  const program =
    'import json,os,sys; print(json.dumps([os.path.expanduser(os.path.expandvars(p)) for p in json.load(sys.stdin)]))';
  const python = spawnSync('/usr/bin/python3', ['-c', program], { input: JSON.stringify(paths), env: environment });
  const surroundings = { environment, passwd: readFileSync('/etc/passwd', 'utf8'), uid: 0 };
  assert.deepEqual(
    paths.map((path) => expandSecretFilePath(path, surroundings)),
    JSON.parse(python.stdout.toString()),
  );
});

test('without HOME, the home directory of the user is looked up', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/srv/ada/:/bin/sh\n';
  assert.equal(expandSecretFilePath('~/x', { environment: {}, passwd, uid: 1000 }), '/srv/ada/x');
});

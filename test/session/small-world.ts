// A machine of its own as far as shells can tell: accounts alice and bob, sudo, a runtime directory for each, all in a mount
// namespace, so that nothing of the real machine is changed. Root only.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installedCopy } from '../support/installed-copy.ts';
import { runToSuccess } from '../support/run-program.ts';
import type { Scratch } from '../support/scratch.ts';
import { PtyShell } from './pty-shell.ts';

/** Who lives there. */
export const people = { alice: 2_001, bob: 2_002 } as const;

/** A name of somebody who lives there. */
type Person = keyof typeof people;

/** The password of both. */
export const PASSWORD = 'a password for su';

export interface SmallWorld {
  /** A directory everybody may write in. */
  readonly common: string;
  /** What runs a program in this world, before its name. */
  readonly enter: readonly string[];
  /** Opens a terminal and logs in. */
  readonly terminal: (person: Person) => Promise<PtyShell>;
}

const setUp = `
set -e
etc=$1 memory=$2
mount --make-rprivate /
if [ "$memory" = yes ]; then
  mount -t tmpfs none /run
  mount -t tmpfs -o mode=1777 none /dev/shm
else
  mkdir -p "$etc/run" "$etc/shm"
  chmod 1777 "$etc/shm"
  mount --bind "$etc/run" /run
  mount --bind "$etc/shm" /dev/shm
fi
mkdir -m 755 /run/sshd /run/user
for uid in 2001 2002; do
  mkdir -m 700 /run/user/$uid
  chown $uid:$uid /run/user/$uid
done
for file in passwd group shadow sudoers; do mount --bind "$etc/$file" "/etc/$file"; done
echo ready
exec sleep infinity
`;

const sudoers = `
Defaults env_reset, use_pty, !lecture, !syslog
root ALL=(ALL:ALL) ALL
alice ALL=(ALL:ALL) NOPASSWD: ALL
`;

const withLines = (file: string, lines: readonly string[]): string =>
  `${readFileSync(file, 'utf8').trimEnd()}\n${lines.join('\n')}\n`;

const writeAccounts = async (etc: string, homes: string): Promise<void> => {
  const hash = (await runToSuccess('openssl', ['passwd', '-6', '-stdin'], { input: PASSWORD })).trim();
  const names = Object.entries(people);
  const write = (name: string, text: string, mode: number): void => {
    writeFileSync(path.join(etc, name), text);
    chmodSync(path.join(etc, name), mode);
  };
  write(
    'passwd',
    withLines(
      '/etc/passwd',
      names.map(([name, id]) => `${name}:x:${id}:${id}::${homes}/${name}:/bin/bash`),
    ),
    0o644,
  );
  write(
    'group',
    withLines(
      '/etc/group',
      names.map(([name, id]) => `${name}:x:${id}:`),
    ),
    0o644,
  );
  write(
    'shadow',
    withLines(
      '/etc/shadow',
      names.map(([name]) => `${name}:${hash}:19000:0:99999:7:::`),
    ),
    0o640,
  );
  write('sudoers', sudoers, 0o440);
};

/** Makes a world that lasts until the scratch ends. */
export const makeSmallWorld = async (
  scratch: Scratch,
  options: { readonly hasMemory: boolean },
): Promise<SmallWorld> => {
  const [etc, homes, common] = [scratch.directory(), scratch.directory(), scratch.directory()];
  for (const directory of [etc, homes]) chmodSync(directory, 0o755);
  chmodSync(common, 0o1777);
  await writeAccounts(etc, homes);
  for (const [name, id] of Object.entries(people)) {
    mkdirSync(path.join(homes, name), { mode: 0o700 });
    chownSync(path.join(homes, name), id, id);
  }
  const bin = path.join(await installedCopy(scratch), 'bin');
  const args = ['--mount', 'sh', '-c', setUp, 'sh', etc, options.hasMemory ? 'yes' : 'no'];
  const world = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  scratch.atEnd(() => world.kill('SIGKILL'));
  await once(world.stdout, 'data');
  const enter = ['nsenter', '--target', String(world.pid), '--mount'];
  return {
    common,
    enter,
    terminal: (person) => {
      const home = path.join(homes, person);
      const id = String(people[person]);
      const environment = [
        `HOME=${home}`,
        `USER=${person}`,
        `LOGNAME=${person}`,
        `PATH=${bin}:/usr/bin:/bin`,
        'TERM=xterm',
      ];
      const login = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', 'env', '-i', ...environment];
      return PtyShell.open(enter, [...login, 'bash', '--norc', '--noediting', '-i']);
    },
  };
};

// OpenSSH's server in the small world, and how alice reaches it.

import { spawn } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { runToSuccess } from '../support/run-program.ts';
import type { Scratch } from '../support/scratch.ts';
import { people, type SmallWorld } from './small-world.ts';

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

/** Starts it; gives the ssh command that alice types, without its host's program. */
export const startSshd = async (scratch: Scratch, world: SmallWorld): Promise<string> => {
  const directory = scratch.directory();
  const inDirectory = (name: string): string => path.join(directory, name);
  await runToSuccess('chmod', ['755', directory]);
  for (const name of ['host', 'alice']) {
    await runToSuccess('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', inDirectory(name)]);
  }
  chownSync(inDirectory('alice'), people.alice, people.alice);
  const port = await freePort();
  const settings = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${inDirectory('host')}`,
    `AuthorizedKeysFile ${inDirectory('alice.pub')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
  ];
  writeFileSync(inDirectory('config'), settings.join('\n'));
  const [program = '', ...args] = [...world.enter, '/usr/sbin/sshd', '-D', '-f', inDirectory('config')];
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  scratch.atEnd(() => server.kill('SIGTERM'));
  while (!(await isListening(port))) await sleep(50);
  const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${inDirectory('known')}`, 'LogLevel=ERROR'];
  return `ssh -p ${port} -i ${inDirectory('alice')} ${options.map((option) => `-o ${option}`).join(' ')} alice@127.0.0.1`;
};

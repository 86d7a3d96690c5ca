// `chatelaine-unlock heartbeat`: this machine says that it is alive.

import { EndedError, type ExitCode, exitCode } from '../exit-code.ts';
import type { RunSubcommand } from '../subcommands.ts';
import { say } from '../words.ts';
import { makeHeartbeatKey, publicHalf, readHeartbeatKey } from './heartbeat-key.ts';
import { HEARTBEAT_HELP, type HeartbeatSettings, readHeartbeatSettings } from './settings.ts';

const enrol = async ({ keyFile, name }: HeartbeatSettings): Promise<ExitCode> => {
  await makeHeartbeatKey(keyFile);
  process.stdout.write(publicHalf(await readHeartbeatKey(keyFile)));
  say(`the key is in ${keyFile}; it must not get into a boot image`);
  say('put what is printed into a file at the server, and there:');
  say(`  chatelaine machine set ${name} --checker @heartbeat --heartbeat-key FILE`);
  return exitCode.done;
};

export const runHeartbeat: RunSubcommand = async (words) => {
  const read = readHeartbeatSettings(words);
  if (read.kind === 'help') {
    process.stdout.write(HEARTBEAT_HELP);
    return exitCode.done;
  }
  if (read.kind === 'wrong') throw new EndedError(exitCode.usage, read.message, 'chatelaine-unlock heartbeat --help');
  const { settings } = read;
  if (settings.isEnrolment) return await enrol(settings);
  const key = await readHeartbeatKey(settings.keyFile);
  const { sendHeartbeat } = await import('./send-heartbeat.ts');
  const problems = await Promise.all(settings.servers.map((server) => sendHeartbeat(server, settings.name, key)));
  for (const problem of problems) if (problem !== undefined) say(problem);
  return problems.every((problem) => problem === undefined) ? exitCode.done : exitCode.failed;
};

// What a process gives up at its start. Invariant: afterwards nothing writes its memory to a disk, no other process of its
// account can look into it, its files are its own, and no program it starts gains a privilege.
// prctl(2), getrlimit(2), core(5), Documentation/userspace-api/no_new_privs.rst

import { threadId } from 'node:worker_threads';
import { processFlags, processVariables, removedVariables } from './launch-settings.ts';
import { libc } from './libc.ts';
import { threadStatuses } from './thread-statuses.ts';

const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const F_SETFD = 2;

/** Tells the second start from the first. */
const marker = 'CHATELAINE_STARTED_AGAIN';

const failure = (what: string): Error => {
  const { errno, errnoName } = libc();
  return new Error(`${what} failed: ${errnoName(errno())}`);
};

/**
 * No core dumps, no tracing and no reading of /proc/PID by the same account, files for the account alone (umask 077). The kernel
 * forgets the second at an exec and may at a change of uid: `becomeAccount` calls it again. Throws if the kernel refuses.
 */
export const hardenProcess = (): void => {
  if (libc().setCoreLimit(0) !== 0) throw failure('forbidding core dumps');
  if (libc().prctl(PR_SET_DUMPABLE, 0) !== 0) throw failure('making the process not dumpable');
  process.umask(0o077);
  const [soft, hard] = libc().coreLimit();
  if (soft !== 0 || hard !== 0 || libc().prctl(PR_GET_DUMPABLE, 0) !== 0)
    throw new Error('the process could not be hardened');
};

/** Whether every thread of this process has given up new privileges. */
const hasNoNewPrivileges = (): boolean => threadStatuses().every((status) => /^NoNewPrivs:\s*1$/m.test(status));

/** The environment for the second start: the first one's, without what could make the runtime talk, and with our settings. */
const startEnvironment = (): NodeJS.ProcessEnv => {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...processVariables, [marker]: '1' };
  for (const name of removedVariables) delete environment[name];
  return environment;
};

/** The descriptor that the starter listens at. */
const readyDescriptor = (): number | undefined => {
  const found = /(?:^|\0)--ready-fd[=\0](\d{1,4})(?:\0|$)/.exec(process.argv.slice(2).join('\0'))?.[1];
  return found === undefined ? undefined : Number(found);
};

/**
 * Gives up new privileges for good, in every thread. The flag is per thread and V8 has threads of its own by the time any script
 * runs, so this sets it and executes the program anew, once; the launchers have set it already, and then nothing happens.
 * To be called first, before anything is open or decided.
 *
 * Descriptors above 2 close, but for the one that an argument `--ready-fd N` names.
 *
 * @throws if it is asked for from a worker, or the kernel refuses.
 */
export const withoutNewPrivileges = (): void => {
  if (hasNoNewPrivileges()) {
    delete process.env[marker];
    return;
  }
  if (threadId !== 0 || process.execve === undefined) throw new Error('only the main thread can start a process anew');
  if (process.env[marker] !== undefined) throw new Error('new privileges could not be given up');
  if (libc().prctl(PR_SET_NO_NEW_PRIVS, 1) !== 0) throw failure('giving up new privileges');
  const descriptor = readyDescriptor();
  if (descriptor !== undefined) {
    // The runtime marks every descriptor it inherits close-on-exec.
    if (libc().fcntl(descriptor, F_SETFD, 0) !== 0) throw failure(`keeping descriptor ${descriptor} open`);
  }
  const flags = processFlags.filter((flag) => !process.execArgv.includes(flag));
  const [, ...programAndArguments] = process.argv;
  process.execve(
    process.execPath,
    [process.argv0, ...process.execArgv, ...flags, ...programAndArguments],
    startEnvironment(),
  );
};

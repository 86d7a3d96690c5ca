// Starts and ends the programs of checkers, as Mandos starts them: `/bin/sh -c COMMAND` in the directory `/`, nothing on
// standard input, output and error, no other descriptor, a process group of its own.
//
// Invariants: each program that was started is told once how it ended; what it leaves behind in its group ends with it; a
// process id is signalled only while the program, running or ended but not yet waited for, still holds it.
//
// By posix_spawn(3) and waitid(2), called directly: Node's own way costs several times as much. The memory that the prepared
// structures take is theirs for the life of the process.

import { createRequire } from 'node:module';
import { constants } from 'node:os';

const { errno: errors, signals } = constants;

const SHELL = '/bin/sh';
const [O_RDONLY, O_WRONLY] = [0, 1];

const POSIX_SPAWN_SETPGROUP = 0x02;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;

const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;

/** Larger than posix_spawnattr_t, posix_spawn_file_actions_t, sigset_t and siginfo_t on amd64 and arm64. */
const STRUCTURE_BYTES = 1_024;

/** si_pid of siginfo_t, in 32-bit words. */
const SI_PID = 4;

/** Variables that are between us and whoever started us. */
const isOwn = (name: string): boolean =>
  /^(?:CHATELAINE_.*|NOTIFY_SOCKET|WATCHDOG_.*|LISTEN_.*|CREDENTIALS_DIRECTORY|SYSTEMD_EXEC_PID|INVOCATION_ID|JOURNAL_STREAM|MALLOC_ARENA_MAX|UV_THREADPOOL_SIZE)$/.test(
    name,
  );

interface SystemCalls {
  /** 0, or the error's number. */
  readonly spawnShell: (command: string) => { readonly error: number; readonly pid: number };
  /** The id of a program that has ended and was not waited for, or 0. */
  readonly endedPid: () => number;
  /** Waits for a program that has ended; its status as of wait(2). */
  readonly reap: (pid: number) => number;
  readonly signalGroup: (pid: number, signal: number) => void;
}

const bind = (): SystemCalls => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const c = koffi.load('libc.so.6');
  const structure = (): Uint8Array => Buffer.allocUnsafeSlow(STRUCTURE_BYTES).fill(0);
  const mustDo = (result: number): void => {
    if (result !== 0) throw new Error('starting programs could not be prepared');
  };

  const actions = structure();
  mustDo(c.func('int posix_spawn_file_actions_init(void *)')(actions));
  const open = c.func('int posix_spawn_file_actions_addopen(void *, int, const char *, int, uint32_t)');
  mustDo(open(actions, 0, '/dev/null', O_RDONLY, 0));
  mustDo(open(actions, 1, '/dev/null', O_WRONLY, 0));
  mustDo(c.func('int posix_spawn_file_actions_adddup2(void *, int, int)')(actions, 1, 2));
  mustDo(c.func('int posix_spawn_file_actions_addclosefrom_np(void *, int)')(actions, 3));

  // Node ignores some signals and may block others: a checker begins with neither.
  const attributes = structure();
  const allSignals = structure();
  const noSignals = structure();
  mustDo(c.func('int sigfillset(void *)')(allSignals));
  mustDo(c.func('int sigemptyset(void *)')(noSignals));
  mustDo(c.func('int posix_spawnattr_init(void *)')(attributes));
  mustDo(c.func('int posix_spawnattr_setpgroup(void *, int)')(attributes, 0));
  mustDo(c.func('int posix_spawnattr_setsigdefault(void *, const void *)')(attributes, allSignals));
  mustDo(c.func('int posix_spawnattr_setsigmask(void *, const void *)')(attributes, noSignals));
  const flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  mustDo(c.func('int posix_spawnattr_setflags(void *, int16_t)')(attributes, flags));

  const variables = Object.entries(process.env).flatMap(([name, value]) => (isOwn(name) ? [] : [`${name}=${value}`]));
  const environment = koffi.alloc('const char *', variables.length + 1);
  koffi.encode(environment, koffi.array('const char *', variables.length + 1), [...variables, null]);

  const spawn = c.func(
    'int posix_spawn(_Out_ int32_t *, const char *, const void *, const void *, const char **, void *)',
  );
  const waitid = c.func('int waitid(int, uint32_t, _Out_ void *, int)');
  const waitpid = c.func('int waitpid(int, _Out_ int32_t *, int)');
  const kill = c.func('int kill(int, int)');
  const [pid, status, information] = [new Int32Array(1), new Int32Array(1), new Int32Array(STRUCTURE_BYTES / 4)];
  return {
    spawnShell: (command) => {
      const error: number = spawn(pid, SHELL, actions, attributes, ['sh', '-c', command, null], environment);
      return { error, pid: pid[0] ?? 0 };
    },
    endedPid: () => {
      information[SI_PID] = 0;
      const result: number = waitid(P_ALL, 0, information, WEXITED | WNOHANG | WNOWAIT);
      return result === 0 ? (information[SI_PID] ?? 0) : 0;
    },
    reap: (ended) => {
      if (waitpid(ended, status, 0) !== ended) throw new Error('a program that ended could not be waited for');
      return status[0] ?? 0;
    },
    signalGroup: (leader, signal) => {
      kill(-leader, signal);
    },
  };
};

const errorName = (error: number): string =>
  Object.entries(errors).find(([, value]) => value === error)?.[0] ?? `error ${error}`;

interface Running {
  readonly ended: (waitStatus: number) => void;
  impatience: NodeJS.Timeout | undefined;
}

/** A program that runs. */
export interface CheckerProcess {
  readonly pid: number;
  /** Asks its whole group to end, and kills it after so many milliseconds. */
  stop(patienceMs: number): void;
}

/** There can be one only: it waits for every program that this process has started. */
export class CheckerProcesses {
  readonly #calls = bind();
  readonly #running = new Map<number, Running>();

  constructor() {
    process.on('SIGCHLD', () => this.#reap());
  }

  get size(): number {
    return this.#running.size;
  }

  /** Runs a command by the shell. Returns the system's word for why it could not. `ended` is called later, never at once. */
  start(command: string, ended: (waitStatus: number) => void): CheckerProcess | string {
    const { error, pid } = this.#calls.spawnShell(command);
    if (error !== 0) return errorName(error);
    this.#running.set(pid, { ended, impatience: undefined });
    return { pid, stop: (patienceMs) => this.#stop(pid, patienceMs) };
  }

  #stop(pid: number, patienceMs: number): void {
    const running = this.#running.get(pid);
    if (running === undefined) return;
    this.#calls.signalGroup(pid, signals.SIGTERM);
    // One that was halted would not hear it.
    this.#calls.signalGroup(pid, signals.SIGCONT);
    clearTimeout(running.impatience);
    running.impatience = setTimeout(() => this.#calls.signalGroup(pid, signals.SIGKILL), patienceMs);
  }

  #reap(): void {
    for (let pid = this.#calls.endedPid(); pid !== 0; pid = this.#calls.endedPid()) {
      this.#calls.signalGroup(pid, signals.SIGKILL);
      const waitStatus = this.#calls.reap(pid);
      const running = this.#running.get(pid);
      clearTimeout(running?.impatience);
      this.#running.delete(pid);
      running?.ended(waitStatus);
    }
  }
}

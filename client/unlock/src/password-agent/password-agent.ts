// The subcommand agent: answers systemd's questions for the passwords of disks. Invariant: it answers a disk once. A question that comes
// again means that the password did not fit, and is left to whoever sits there; a question that is not for it gets no answer.
// https://systemd.io/PASSWORD_AGENTS/, systemd-cryptsetup@.service(8)

import { dieBySignal, onEndSignals } from '../end-signals.ts';
import { EndedError, exitCode } from '../exit-code.ts';
import { ownCommand } from '../own-command.ts';
import { type RunningPlugin, startPlugin } from '../plugin-runner/run-plugin.ts';
import type { RunSubcommand } from '../subcommands.ts';
import { say } from '../words.ts';
import { AGENT_HELP, type AgentSettings, readAgentOrder } from './agent-settings.ts';
import { answer, whyNoAnswer } from './answer.ts';
import type { Question } from './question.ts';
import { QuestionDirectory } from './question-directory.ts';

const startClient = ({ client, helperDir, uid, gid }: AgentSettings): RunningPlugin => {
  const [file = '', ...options] = client.length > 0 ? client : ownCommand([]);
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  return startPlugin(
    { name: file, file, isScriptOfRoot: false },
    {
      options,
      environment: { ...process.env, MANDOSPLUGINHELPERDIR: helperDir },
      account: uid === undefined && gid === undefined ? undefined : { uid: uid ?? own.uid, gid: gid ?? own.gid },
    },
  );
};

/** The agent at work, for as long as there are questions. */
class Agent {
  readonly #settings: AgentSettings;
  readonly #directory: QuestionDirectory;
  readonly #answered = new Set<string>();
  readonly #left = new Set<string>();
  #client: RunningPlugin | undefined;
  #password: Buffer | undefined;
  #failed: string | undefined;

  constructor(settings: AgentSettings, directory: QuestionDirectory) {
    this.#settings = settings;
    this.#directory = directory;
  }

  /** Gives the exit code. */
  async work(stop: AbortSignal): Promise<number> {
    try {
      if (!this.#directory.look().isAnyLeft) {
        throw new EndedError(exitCode.failed, 'nothing is asked');
      }
      for (;;) {
        const { isAnyLeft, open } = this.#directory.look();
        if (!isAnyLeft || stop.aborted) return exitCode.done;
        for (const [file, question] of open) this.#consider(file, question);
        if (this.#failed !== undefined) throw new EndedError(exitCode.failed, `the client ${this.#failed}`);
        await this.#directory.change();
      }
    } finally {
      this.#client?.end();
      const ended = await this.#client?.outcome;
      if (ended?.kind === 'password') ended.password.fill(0);
    }
  }

  #isOurs({ id }: Question): boolean {
    const { ids } = this.#settings;
    return ids.length === 0 || ids.some((beginning) => id.startsWith(beginning));
  }

  #consider(file: string, question: Question): void {
    if (!this.#isOurs(question) || this.#left.has(file)) return;
    // A disk that is asked for again in another file: what we said did not open it.
    const disk = question.id === '' ? file : question.id;
    if (this.#answered.has(disk)) {
      this.#leave(file, `the password did not open ${disk}; it has to be typed`);
      return;
    }
    if (this.#client === undefined) this.#start(disk);
    if (this.#password === undefined) return;
    const why = whyNoAnswer(this.#password);
    if (why !== undefined) {
      this.#leave(file, `the password cannot be an answer: ${why}; give it as a key file instead`);
    } else if (answer(question, this.#password)) {
      this.#answered.add(disk);
      this.#left.add(file);
      say(`answered for ${disk}`);
    }
  }

  #leave(file: string, why: string): void {
    this.#left.add(file);
    say(why);
  }

  #start(disk: string): void {
    this.#client = startClient(this.#settings);
    say(`waiting for the password of ${disk} from ${this.#client.name}`);
    void this.#client.outcome.then((ended) => {
      if (ended.kind === 'password') this.#password = ended.password;
      else this.#failed = ended.why;
      this.#directory.wake();
    });
  }
}

const openDirectory = (directory: string): QuestionDirectory => {
  try {
    return new QuestionDirectory(directory);
  } catch (error) {
    throw new EndedError(exitCode.file, `${directory} cannot be watched: ${(error as NodeJS.ErrnoException).code}`);
  }
};

export const runAgent: RunSubcommand = async (words) => {
  const order = readAgentOrder(words);
  if (order.kind === 'wrong') throw new EndedError(exitCode.usage, order.text);
  if (order.kind === 'help') {
    process.stderr.write(AGENT_HELP);
    return exitCode.usage;
  }
  using directory = openDirectory(order.settings.directory);
  const stop = new AbortController();
  const signals = onEndSignals(() => {
    stop.abort();
    directory.wake();
  });
  const code = await new Agent(order.settings, directory).work(stop.signal);
  if (signals.received !== undefined) return await dieBySignal(signals.received);
  return code;
};

// A running `chatelaine dev`, as somebody started it in another terminal.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

export class DevInstance implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #stdout: string[] = [];
  #stderr = '';

  private constructor(args: readonly string[], environment: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [main, 'dev', ...args], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
  }

  /** Starts one and waits for its line. */
  static async start(args: readonly string[]): Promise<DevInstance> {
    const { CHATELAINE_DIR: _, ...environment } = process.env;
    const instance = new DevInstance(args, environment);
    const { stdout } = instance.child;
    if (stdout === null) throw new Error('stdout is a pipe');
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => instance.#stdout.push(line));
    await Promise.race([
      once(lines, 'line'),
      instance.ended().then(() => {
        throw new Error(`it ended before it was ready: ${instance.#stderr}`);
      }),
    ]);
    return instance;
  }

  /** The one line it printed. */
  get ready(): { readonly dir: string; readonly mandos: string } {
    return JSON.parse(this.#stdout[0] ?? '');
  }

  /** Every line it printed. */
  get printed(): readonly string[] {
    return this.#stdout;
  }

  get words(): string {
    return this.#stderr;
  }

  /** Its exit code, once it has ended and everything was read. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return this.child.exitCode;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

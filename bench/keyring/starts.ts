// How long one look-up takes as a process: the command beside bare Node.js, our git helper beside git's own and Node's start.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PasswordStore } from '@chatelaine/keyring';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin');

/** Everything is started in a home of its own. */
export class Starts {
  readonly #env: NodeJS.ProcessEnv;
  readonly #empty: string;

  constructor(home: string) {
    mkdirSync(join(home, '.cache'));
    this.#empty = join(home, 'empty.mjs');
    writeFileSync(this.#empty, '');
    this.#env = {
      HOME: home,
      XDG_CACHE_HOME: join(home, '.cache'),
      GIT_CONFIG_NOSYSTEM: '1',
      PATH: `${bin}:${process.env['PATH']}`,
    };
    this.#git('cache', 'approve', 'username=u\npassword=p\n');
  }

  /** Makes what will be looked up, in the session of now. */
  prepare(): void {
    this.#git('chatelaine', 'approve', 'username=u\npassword=p\n');
    new PasswordStore().setPassword('bench', 'own', 'secret');
  }

  #git(helper: string, operation: string, more = ''): void {
    const done = spawnSync('git', ['-c', `credential.helper=${helper}`, 'credential', operation], {
      input: `protocol=https\nhost=bench.example\n${more}\n`,
      env: this.#env,
    });
    if (done.status !== 0) throw new Error(`git credential ${operation} with ${helper} ended with ${done.status}`);
  }

  #timed(run: () => void): number {
    const startMs = performance.now();
    run();
    return performance.now() - startMs;
  }

  /** Milliseconds of Node.js with an empty program. */
  node(): number {
    return this.#timed(() => execFileSync(process.execPath, [this.#empty], { env: this.#env }));
  }

  /** Milliseconds of `chatelaine keyring get`. */
  get(): number {
    return this.#timed(() =>
      execFileSync(join(bin, 'chatelaine'), ['keyring', 'get', 'bench', 'own'], { env: this.#env }),
    );
  }

  /** Milliseconds of `git credential fill`. */
  fill(helper: 'chatelaine' | 'cache'): number {
    return this.#timed(() => this.#git(helper, 'fill'));
  }

  end(): void {
    spawnSync('git', ['credential-cache', 'exit'], { env: this.#env });
  }
}

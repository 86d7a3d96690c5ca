// Debian's gpg, with a home of its own that it forgets.

import { execFileSync } from 'node:child_process';
import { ScratchDirectory } from './scratch-directory.ts';

export class GnuPg implements Disposable {
  readonly #home = new ScratchDirectory();

  run(args: readonly string[], input: Uint8Array | string = ''): Buffer {
    return execFileSync('gpg', ['--homedir', this.#home.path, '--batch', '--quiet', '--no-options', ...args], {
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  [Symbol.dispose](): void {
    execFileSync('gpgconf', ['--homedir', this.#home.path, '--kill', 'all']);
    this.#home[Symbol.dispose]();
  }
}

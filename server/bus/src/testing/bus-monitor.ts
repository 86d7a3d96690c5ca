// What is told on a bus, as dbus-monitor shows it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export class BusMonitor implements AsyncDisposable {
  readonly #child;
  readonly #exit: Promise<unknown>;
  #text = '';

  private constructor(address: string) {
    this.#child = spawn('dbus-monitor', ['--address', address, "type='signal'"], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#exit = once(this.#child, 'exit');
    this.#child.stdout.on('data', (part: Buffer) => {
      this.#text += part.toString();
    });
  }

  /** Begins to listen; what is told from then on is heard. */
  static async start(address: string): Promise<BusMonitor> {
    const monitor = new BusMonitor(address);
    // It says so itself by losing its name, as every monitor does.
    await monitor.heard(/NameLost/);
    return monitor;
  }

  /** Waits until what was heard since the last match fits; gives the match. */
  async heard(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return found[0];
      }
      await once(this.#child.stdout, 'data', { signal: AbortSignal.timeout(20_000) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#exit;
  }
}

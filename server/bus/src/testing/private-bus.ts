// A bus of a test's own: a real dbus-daemon that lets everybody do everything, also answer what they were not asked.
// dbus-daemon(1)

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const configuration = (socket: string): string => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow send_requested_reply="false"/>
    <allow receive_requested_reply="false"/>
  </policy>
</busconfig>
`;

export class PrivateBus implements AsyncDisposable {
  /** The path of its socket. */
  readonly path: string;
  readonly #directory: string;
  readonly #daemon: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(directory: string, path: string, daemon: ChildProcess, exit: Promise<unknown>) {
    this.#directory = directory;
    this.path = path;
    this.#daemon = daemon;
    this.#exit = exit;
  }

  static async start(): Promise<PrivateBus> {
    const directory = mkdtempSync(join(tmpdir(), 'chatelaine-bus-'));
    const path = join(directory, 'bus');
    const file = join(directory, 'bus.conf');
    writeFileSync(file, configuration(path));
    const daemon = spawn('dbus-daemon', [`--config-file=${file}`, '--nofork', '--nopidfile', '--print-address=1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(daemon, 'exit');
    await Promise.race([
      once(daemon.stdout, 'data'),
      exit.then(() => Promise.reject(new Error('dbus-daemon did not start'))),
    ]);
    return new PrivateBus(directory, path, daemon, exit);
  }

  get address(): string {
    return `unix:path=${this.path}`;
  }

  /** Makes it take and answer nothing any more, as if it hung. */
  hang(): void {
    this.#daemon.kill('SIGSTOP');
  }

  /** Ends it, as a crash would; connections to it break. */
  async stop(): Promise<void> {
    this.#daemon.kill('SIGKILL');
    await this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

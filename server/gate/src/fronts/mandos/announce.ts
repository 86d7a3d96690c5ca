// Says on the local network that machines are served here: the service `_mandos._tcp` by DNS-SD (RFC 6763), so that
// mandos-client finds the server without being told an address. avahi-publish-service(1) does it, and renames the service if the
// name is taken on another host; if it is taken on this one, or the program ends, it is begun again here.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Log } from '@chatelaine/process';

const PROGRAM = '/usr/bin/avahi-publish-service';
const SERVICE_TYPE = '_mandos._tcp';
const AGAIN_MS = 5_000;
/** Of Mandos on one host. */
const MOST_NAMES = 100;

/** An announcement that stands until `withdraw`. */
export class Announcement {
  readonly #name: string;
  readonly #port: number;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #again: NodeJS.Timeout | undefined;
  #isOver = false;
  /** How many names were taken on this host: `Mandos`, `Mandos #2`, … */
  #taken = 0;

  /** Begins at once; what goes wrong stands in the log and stops nothing. */
  constructor(name: string, port: number, log: Log) {
    this.#name = name;
    this.#port = port;
    this.#log = log;
    if (existsSync(PROGRAM)) this.#start();
    else log.error({ program: PROGRAM }, 'the server is not announced: install avahi-utils');
  }

  withdraw(): void {
    this.#isOver = true;
    clearTimeout(this.#again);
    this.#child?.kill('SIGTERM');
  }

  #start(): void {
    const name = this.#taken === 0 ? this.#name : `${this.#name} #${this.#taken + 1}`;
    let isTaken = false;
    const child = spawn(PROGRAM, ['--no-fail', name, SERVICE_TYPE, String(this.#port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    });
    this.#child = child;
    // "Established under name 'Mandos #2'" and the like.
    createInterface({ input: child.stderr }).on('line', (words) => {
      isTaken ||= words.includes('Local name collision');
      this.#log.info({ words }, 'announcing');
    });
    child.once('error', (error) => this.#log.error({ err: error }, 'the server is not announced'));
    child.once('close', (code, signal) => {
      if (this.#isOver) return;
      if (isTaken && this.#taken < MOST_NAMES) {
        this.#taken++;
        this.#start();
        return;
      }
      this.#taken = 0;
      this.#log.warn({ code, signal }, 'the announcement ended; it is begun again');
      this.#again = setTimeout(() => this.#start(), AGAIN_MS).unref();
    });
  }
}

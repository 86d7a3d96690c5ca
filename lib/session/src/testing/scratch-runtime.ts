// A runtime directory of a test's own, in memory, and a world around it that the test makes up.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Environment, PlaceOptions } from '../session-place.ts';
import type { Leader, Surroundings } from '../surroundings.ts';

/** `using runtime = new ScratchRuntime()` */
export class ScratchRuntime implements Disposable {
  readonly path = mkdtempSync('/dev/shm/chatelaine-test-');

  constructor() {
    chmodSync(this.path, 0o700);
  }

  get environment(): Environment {
    return { XDG_RUNTIME_DIR: this.path, HOME: this.path };
  }

  /** The place of sessions, and no other: the real ones of whoever runs the tests are out of reach. */
  get options(): PlaceOptions {
    return {
      environment: this.environment,
      system: { users: join(this.path, 'users'), shared: join(this.path, 'shared') },
    };
  }

  /** The path of something among the sessions. */
  in(...parts: string[]): string {
    return join(this.path, 'chatelaine', 's', ...parts);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export const shell: Leader = { pid: 4_711, startTicks: 123_456n, uid: process.geteuid?.() ?? 0 };

/** A place in the world, by default below {@link shell}. */
export const surroundings = (changed: Partial<Surroundings> = {}): Surroundings => ({
  bootId: 'f5c39cda-ce08-4330-ada0-c4f25249799b',
  machineId: '0123456789abcdef0123456789abcdef',
  pidNamespace: '4026531836',
  uid: shell.uid,
  shell,
  leaders: [shell],
  isAlive: () => true,
  ...changed,
});

/** A clock that a test moves. */
export class TestClock implements Clock {
  #unixMs = 1_764_000_000_000;
  #bootMs = 5_000_000;

  readonly unixMs = (): number => this.#unixMs;
  readonly bootMs = (): number => this.#bootMs;

  /** Time passes. */
  pass(ms: number): void {
    this.#unixMs += ms;
    this.#bootMs += ms;
  }

  /** Somebody sets the wall clock. */
  setWall(byMs: number): void {
    this.#unixMs += byMs;
  }
}

// Brings up what it takes to reach a server, and takes down afterwards what was brought up here. An interface that does not come up
// keeps nobody waiting for longer than the delay, and not the others.

import { setTimeout as pause } from 'node:timers/promises';
import { EndedError, exitCode } from '../exit-code.ts';
import { isReady, readFlags, suitableInterfaces } from './interfaces.ts';
import { type HookSettings, runNetworkHooks } from './network-hooks.ts';
import { setInterface } from './set-interface.ts';

export interface NetworkSettings extends HookSettings {
  /** Whether interfaces were named at all. */
  readonly areNamed: boolean;
  /** Whether none is needed. */
  readonly noInterface: boolean;
}

const POLL_MS = 250;

export class Network {
  /** Those that are used. */
  readonly interfaces: readonly string[];
  readonly #settings: NetworkSettings;
  readonly #broughtUp: readonly string[];

  private constructor(settings: NetworkSettings, interfaces: readonly string[], broughtUp: readonly string[]) {
    this.#settings = settings;
    this.interfaces = interfaces;
    this.#broughtUp = broughtUp;
  }

  /** The one interface, if it is one: what a link-local address is meant to be on. */
  get scope(): string | undefined {
    return this.interfaces.length === 1 ? this.interfaces[0] : undefined;
  }

  /** Runs the hooks, then brings up the interfaces. Throws {@link EndedError} if there is none. */
  static async bringUp(settings: NetworkSettings): Promise<Network> {
    const { say, debug } = settings;
    await runNetworkHooks('start', settings);
    const interfaces = chooseInterfaces(settings);
    const broughtUp: string[] = [];
    for (const name of interfaces) {
      const outcome = setInterface(name, true);
      if (outcome.kind === 'failed') say(`${name} cannot be set up: ${outcome.code}`);
      else if (outcome.changed) broughtUp.push(name);
    }
    await Promise.all(interfaces.map((name) => waitUntilReady(name, settings)));
    if (debug && interfaces.length > 0) say(`using ${interfaces.join(', ')}`);
    return new Network(settings, interfaces, broughtUp);
  }

  async takeDown(): Promise<void> {
    await runNetworkHooks('stop', this.#settings);
    for (const name of this.#broughtUp) {
      const outcome = setInterface(name, false);
      if (outcome.kind === 'failed') this.#settings.say(`${name} cannot be set down again: ${outcome.code}`);
    }
  }
}

const chooseInterfaces = ({ areNamed, interfaces, noInterface, connect, say }: NetworkSettings): readonly string[] => {
  const chosen = areNamed
    ? interfaces.filter((name) => {
        const exists = readFlags(name) !== undefined;
        if (!exists) say(`there is no network interface ${name}`);
        return exists;
      })
    : suitableInterfaces(connect !== '');
  if (chosen.length === 0 && !noInterface)
    throw new EndedError(exitCode.failed, 'there is no suitable network interface');
  return chosen;
};

const waitUntilReady = async (name: string, { delayMs, say }: NetworkSettings): Promise<void> => {
  const endMs = performance.now() + delayMs;
  while (!isReady(name)) {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) {
      say(`${name} is not up after ${delayMs / 1_000} seconds; going on without waiting for it`);
      return;
    }
    await pause(Math.min(POLL_MS, leftMs));
  }
};

// The processes of a server, from its start to its end: the keep first and last. Nobody is served before the machines are as
// clients.conf has them. The bus is not needed to serve them: without it the server goes on, and tries again.

import { setTimeout as sleep } from 'node:timers/promises';
import { system } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { HouseProcess } from '../house/house-process.ts';
import type { HouseProcessName } from '../house/house-processes.ts';
import { askLocalKeep } from '../instance/ask-keep.ts';
import { answerOf } from '../refused-answer.ts';
import { DRAIN_SECONDS, type Instance } from './instance-directory.ts';

const KEEP_PATIENCE_MS = 15_000;
const PEER_PATIENCE_MS = 5_000;
const SEALED_LOOK_MS = 1_000;
const BUS_AGAIN_MS = 10_000;

export interface ServeMachines {
  readonly instance: Instance;
  readonly usesDbus: boolean;
  /** Says that something else than a key file has to open the keep. */
  readonly sealed: () => void;
  /** Brings the machines in line with clients.conf. */
  readonly takeUp: () => Promise<void>;
  /** Says that machines are served. */
  readonly ready: () => void;
  readonly say: (line: string) => void;
}

/** Resolves at the first signal that asks for the end; a second one ends everything at once. */
const stopAsked = (running: readonly HouseProcess[]): Promise<'asked'> =>
  new Promise((resolve) => {
    let isAsked = false;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isAsked) for (const child of running) void child.stop(0);
        isAsked = true;
        resolve('asked');
      });
    }
  });

const patienceMs = (name: HouseProcessName): number => {
  if (name === 'keep') return KEEP_PATIENCE_MS;
  return PEER_PATIENCE_MS + (name === 'gate' ? DRAIN_SECONDS * 1_000 : 0);
};

const deathOf = async (child: HouseProcess): Promise<never> => {
  const ending = await child.ended;
  throw new Failure('refused', `The ${child.name} ${ending}; everything is stopped.`);
};

class Server {
  readonly #options: ServeMachines;
  readonly #running: HouseProcess[] = [];
  readonly #asked = stopAsked(this.#running);
  #isStopping = false;

  constructor(options: ServeMachines) {
    this.#options = options;
  }

  async serve(): Promise<void> {
    try {
      await Promise.race([this.#run(), this.#asked]);
    } finally {
      this.#isStopping = true;
      for (const child of this.#running.toReversed()) await child.stop(patienceMs(child.name));
    }
  }

  #start(name: HouseProcessName): HouseProcess {
    if (this.#isStopping) throw new Failure('interrupted', 'The server was asked to end.');
    const child = new HouseProcess(name, ['--config', this.#options.instance.configFile]);
    this.#running.push(child);
    return child;
  }

  async #run(): Promise<void> {
    const { usesDbus, takeUp, ready, sealed } = this.#options;
    const keep = this.#start('keep');
    if ((await keep.ready())['sealed'] === true) {
      sealed();
      await Promise.race([this.#opened(), deathOf(keep)]);
    }
    await takeUp();
    const [watch, gate] = [this.#start('watch'), this.#start('gate')];
    await Promise.all([watch.ready(), gate.ready()]);
    // Whoever sees the machines there is right to think that they are served.
    const onBus = usesDbus ? await this.#showOnBus() : undefined;
    ready();
    await Promise.race([...[keep, watch, gate].map(deathOf), ...(onBus === undefined ? [] : [this.#stayOnBus(onBus)])]);
  }

  /** Resolves when somebody opened the keep. */
  async #opened(): Promise<void> {
    const isSealed = (): Promise<boolean> =>
      askLocalKeep({ config: this.#options.instance.configFile }, async (client) => {
        return answerOf(await client.call(system.status, {})).sealed;
      });
    while (await isSealed()) await sleep(SEALED_LOOK_MS);
  }

  /** Resolves when the machines are shown, or when that was not possible. */
  async #showOnBus(): Promise<HouseProcess> {
    const bus = this.#start('bus');
    await bus.ready().catch(() => undefined);
    return bus;
  }

  /** Never ends by itself. */
  async #stayOnBus(first: HouseProcess): Promise<never> {
    for (let bus = first; ; bus = await this.#showOnBus()) {
      const ending = await bus.ended;
      this.#running.splice(this.#running.indexOf(bus), 1);
      if (!this.#isStopping) {
        const again = `tried again every ${BUS_AGAIN_MS / 1_000} seconds`;
        this.#options.say(`The bus ${ending}: machines are served, mandos-ctl cannot see them; ${again}.`);
      }
      await sleep(BUS_AGAIN_MS, undefined, { ref: false });
      if (this.#isStopping) return await new Promise(() => undefined);
    }
  }
}

/** Returns when it was asked to end and everything has ended; throws a `Failure` if something went wrong. */
export const serveMachines = (options: ServeMachines): Promise<void> => new Server(options).serve();

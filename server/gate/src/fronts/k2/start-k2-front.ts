// The front at its socket: as many sessions as the settings allow, each of them bounded, and each let go at the end.

import type { Socket } from 'node:net';
import { refuse } from '@chatelaine/contract';
import { listenUnixSocket, type UnixListener } from '@chatelaine/link';
import { BoundedLog } from '../../bounded-log.ts';
import { ListenError } from '../../listen-address.ts';
import type { Front, GateServices } from '../front.ts';
import type { K2Config } from './k2-config.ts';
import { K2Session } from './k2-session.ts';
import { BYE, CORE, nok } from './words.ts';

const MODES = { group: 0o660, anyone: 0o666 } as const;
const LOG_PERIOD_MS = 10_000;
const LOG_ENTRIES = 20;

class K2Front implements Front {
  readonly #services: GateServices;
  readonly #config: K2Config;
  readonly #sessions = new Set<K2Session>();
  readonly #boundedLog: BoundedLog;
  #listener: UnixListener | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(services: GateServices, config: K2Config) {
    this.#services = services;
    this.#config = config;
    this.#boundedLog = new BoundedLog({ log: services.log, periodMs: LOG_PERIOD_MS, entries: LOG_ENTRIES });
  }

  get addresses(): readonly string[] {
    return [this.#config.socket];
  }

  async listen(): Promise<void> {
    const { socket: path, may_connect: whoever } = this.#config;
    try {
      this.#listener = await listenUnixSocket({ path, mode: MODES[whoever], allowHalfOpen: true }, (socket) =>
        this.#accept(socket),
      );
    } catch (error) {
      throw new ListenError(`cannot listen at ${path}: ${(error as Error).message}`);
    }
  }

  async drain(deadlineMs: number): Promise<void> {
    await this.#listener?.close();
    for (const session of this.#sessions) session.stop();
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    void this.#listener?.close();
    for (const session of this.#sessions) session.destroy();
    this.#boundedLog.flush();
  }

  #accept(socket: Socket): void {
    if (this.#sessions.size >= this.#config.max_sessions) {
      this.#boundedLog.note({ sessions: this.#sessions.size }, 'too many sessions: the newest is closed');
      socket.on('error', () => undefined).end(nok(CORE, refuse('busy')) + BYE, () => socket.destroy());
      return;
    }
    const { client, log } = this.#services;
    const session = new K2Session({ socket, client, log, config: this.#config });
    this.#sessions.add(session);
    session
      .serve()
      .catch((error: unknown) => {
        session.destroy();
        log.error({ err: error }, 'a session failed');
      })
      .finally(() => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#onEmpty?.();
      });
  }
}

/** Throws {@link ListenError}. */
export const startK2Front = async (services: GateServices, config: K2Config): Promise<Front> => {
  const front = new K2Front(services, config);
  await front.listen();
  return front;
};

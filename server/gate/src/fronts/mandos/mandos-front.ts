// The port where machines ask for their secrets, compatible with Debian's mandos-client. Strangers are bounded in number and
// in time; a connection that may be waiting for a person is not. Machines from before raw public keys, which show an OpenPGP
// key and are known by its `fingerprint`, cannot be served: no supported TLS library speaks to them.

import { createServer, type Server, type Socket } from 'node:net';
import { BoundedLog } from '../../bounded-log.ts';
import { formatListenAddress, type ListenAddress, listenAt } from '../../listen-address.ts';
import type { Front, FrontDefinition, GateServices } from '../front.ts';
import { Announcement } from './announce.ts';
import { type MandosConfig, mandosConfig } from './mandos-config.ts';
import { MandosConnection, type MandosOutcome } from './mandos-connection.ts';

/** The kernel cuts it to net.core.somaxconn. */
const BACKLOG = 4_096;
const LOG_PERIOD_MS = 10_000;
const LOG_ENTRIES = 20;

class MandosFront implements Front {
  readonly #services: GateServices;
  readonly #config: MandosConfig;
  readonly #servers: readonly Server[];
  readonly #connections = new Set<MandosConnection>();
  readonly #strangersLog: BoundedLog;
  #strangers = 0;
  #addresses: readonly ListenAddress[] = [];
  #onEmpty: (() => void) | undefined;
  #announcement: Announcement | undefined;

  constructor(services: GateServices, config: MandosConfig) {
    this.#services = services;
    this.#config = config;
    this.#strangersLog = new BoundedLog({ log: services.log, periodMs: LOG_PERIOD_MS, entries: LOG_ENTRIES });
    const options = { allowHalfOpen: true, noDelay: true };
    this.#servers = config.listen.map(() => createServer(options, (socket) => this.#accept(socket)));
  }

  get addresses(): readonly string[] {
    return this.#addresses.map(formatListenAddress);
  }

  async listen(): Promise<void> {
    const starts = this.#servers.map((server, index) => {
      const address = this.#config.listen[index] as ListenAddress;
      return listenAt(server, address, { backlog: BACKLOG });
    });
    const outcomes = await Promise.allSettled(starts);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      this.close();
      throw failed.reason;
    }
    for (const server of this.#servers)
      server.on('error', (error) => this.#services.log.error({ err: error }, 'listening failed'));
    this.#addresses = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const [first] = this.#addresses;
    if (this.#config.announce && first !== undefined) {
      this.#announcement = new Announcement(this.#config.service_name, first.port, this.#services.log);
    }
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#stopListening();
    for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.#stopListening();
    for (const connection of this.#connections) connection.destroy();
    this.#strangersLog.flush();
  }

  #stopListening(): void {
    this.#announcement?.withdraw();
    for (const server of this.#servers) if (server.listening) server.close();
  }

  #accept(socket: Socket): void {
    if (this.#strangers >= this.#config.max_strangers) {
      this.#strangersLog.note({ strangers: this.#strangers }, 'too many strangers: the newest is closed');
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    let isStranger = true;
    this.#strangers++;
    const onStranger = (is: boolean): void => {
      this.#strangers += Number(is) - Number(isStranger);
      isStranger = is;
    };
    const connection = new MandosConnection({ socket, services: this.#services, config: this.#config, onStranger });
    this.#connections.add(connection);
    void this.#serve(connection).finally(() => {
      onStranger(false);
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onEmpty?.();
    });
  }

  async #serve(connection: MandosConnection): Promise<void> {
    try {
      this.#note(connection, await connection.serve());
    } catch (error) {
      connection.destroy();
      this.#services.log.error({ err: error }, 'a connection failed');
    }
  }

  #note({ address }: MandosConnection, outcome: MandosOutcome): void {
    if (outcome.kind === 'served') this.#services.log.debug({ address }, 'served');
    else if (outcome.kind === 'refused') this.#strangersLog.note({ address, code: outcome.code }, 'refused');
    else this.#strangersLog.note({ address, why: outcome.why }, 'broken off');
  }
}

export const mandosFront: FrontDefinition<typeof mandosConfig> = {
  name: 'mandos',
  configSchema: mandosConfig,
  async start(services, config) {
    const front = new MandosFront(services, config);
    await front.listen();
    return front;
  },
};

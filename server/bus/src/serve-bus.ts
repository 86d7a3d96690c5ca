// Serves the bus until it is told to stop, or until the bus ends the connection, which ends the process: the service manager
// starts it again.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@chatelaine/contract';
import { connectUnix, LinkClient, readPeerKey } from '@chatelaine/link';
import { type Log, notifyReady, onStopSignals, writePidFile } from '@chatelaine/process';
import type { BusConfig } from './bus-config.ts';
import { administratorCheck } from './mandos/administrators.ts';
import { followMachines } from './mandos/follow-machines.ts';
import { MandosServer } from './mandos/mandos-server.ts';
import { answerCalls } from './objects/answer-calls.ts';
import type { BusError } from './wire/authenticate.ts';
import { parseBusAddress } from './wire/bus-address.ts';
import { BusConnection } from './wire/bus-connection.ts';
import type { ReceivedMessage } from './wire/message.ts';

const PAUSE_MS = 500;
const LEFT_WITHIN_MS = 2_000;

export interface ServeBusOptions {
  readonly config: BusConfig;
  /** Of the bus; known to be good. */
  readonly address: string;
  readonly log: Log;
  readonly readyFd: number | undefined;
}

const asSoonAsAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** Shows the machines on the bus until `stop`. Throws `BusError` if the bus is lost or refuses the name. */
const serveMachines = async (options: ServeBusOptions, link: LinkClient, stop: AbortSignal): Promise<void> => {
  const { config, address, log, readyFd } = options;
  const { promise: lost, reject: lose } = Promise.withResolvers<never>();
  // Nobody may be waiting for it yet.
  lost.catch(() => undefined);
  let answer: (message: ReceivedMessage) => void = () => undefined;
  const connection = await BusConnection.open(parseBusAddress(address) ?? [], {
    call: (message) => answer(message),
    lost: (error: BusError) => lose(error),
  });
  const client = createClient(link);
  const server = new MandosServer({ client, connection, log });
  const authorize = administratorCheck(connection.askBus.bind(connection), config.bus.administrators);
  const handler = answerCalls(connection, { find: server.find, authorize, log });
  answer = (message) => void handler(message);

  let isReady = false;
  const ready = (): void => {
    if (!isReady) notifyReady(readyFd, { address });
    isReady = true;
  };
  const following = followMachines({
    client,
    pauseMs: PAUSE_MS,
    signal: stop,
    listed: async (views) => {
      await server.list(views);
      ready();
    },
    happened: (event) => server.take(event),
    lost: async (code) => {
      await server.hide(code);
      ready();
    },
  });
  try {
    await Promise.race([following, lost, asSoonAsAborted(stop)]);
    // A bus that does not take anything must not keep the process.
    await Promise.race([server.leave(), lost, sleep(LEFT_WITHIN_MS, undefined, { ref: false })]);
  } finally {
    await connection.close();
  }
};

/** Returns when everything has ended. */
export const serveBus = async (options: ServeBusOptions): Promise<void> => {
  const { config, log } = options;
  const stop = new AbortController();
  const pid = writePidFile(config.bus.pid_file);
  try {
    const key = await readPeerKey(join(config.bus.directory, 'link.key'));
    onStopSignals(() => {
      log.info('stopping');
      stop.abort('stopped');
    });
    const link = new LinkClient({ connect: () => connectUnix(config.keep.socket), key });
    try {
      await serveMachines(options, link, stop.signal);
    } finally {
      await link.close();
    }
  } finally {
    pid.remove();
  }
};

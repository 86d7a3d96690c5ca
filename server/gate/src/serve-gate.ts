// Serves the named fronts until it is told to stop: then nobody new is accepted, what is under way is answered as far as the
// time allows, and the rest is ended.

import { join } from 'node:path';
import { type Client, createClient } from '@chatelaine/contract';
import { LinkClient, readPeerKey, wayToServer } from '@chatelaine/link';
import { type Log, notifyReady, onStopSignals, writePidFile } from '@chatelaine/process';
import { type Front, type FrontDefinition, type GateServices, isPartFront, type KnownFront } from './fronts/front.ts';
import type { GateConfig } from './gate-config.ts';
import { NonceSource } from './nonce-source.ts';
import { relayForKeep } from './relay-for-keep.ts';

const NONCE_PAUSE_MS = 250;

export interface ServeGateOptions {
  readonly config: GateConfig;
  readonly fronts: readonly KnownFront[];
  readonly log: Log;
  readonly readyFd: number | undefined;
}

/** Those of the named fronts that listen themselves. */
const ownFronts = ({ gate }: GateConfig, fronts: readonly KnownFront[]): readonly FrontDefinition[] =>
  fronts.filter((front): front is FrontDefinition => !isPartFront(front) && gate.fronts.includes(front.name));

type Started = readonly { readonly name: string; readonly front: Front }[];

/** Has the named fronts make what they keep; gives what a person should know of each. */
export const prepareFronts = async (
  config: GateConfig,
  fronts: readonly KnownFront[],
): Promise<Readonly<Record<string, object>>> => {
  const tables: Readonly<Record<string, unknown>> = config.gate;
  const known: Record<string, object> = {};
  for (const { name, prepare } of ownFronts(config, fronts)) {
    if (prepare !== undefined) known[name] = await prepare(config.gate.directory, tables[name]);
  }
  return known;
};

const startFronts = async (
  { config, fronts, log }: ServeGateOptions,
  given: Omit<GateServices, 'httpParts'>,
): Promise<Started> => {
  const started: { name: string; front: Front }[] = [];
  const tables: Readonly<Record<string, unknown>> = config.gate;
  const parts = fronts.filter(isPartFront).filter(({ name }) => config.gate.fronts.includes(name));
  const services = { ...given, httpParts: await Promise.all(parts.map(({ load }) => load())) };
  try {
    for (const { name, start } of ownFronts(config, fronts)) {
      started.push({ name, front: await start({ ...services, log: log.child({ front: name }) }, tables[name]) });
    }
  } catch (error) {
    for (const { front } of started) front.close();
    throw error;
  }
  return started;
};

const watchNonces = (client: Client, log: Log): NonceSource =>
  new NonceSource({
    client,
    now: () => performance.now(),
    pauseMs: NONCE_PAUSE_MS,
    onState: (state) => {
      if (state.kind === 'coming') log.info('the keep is there');
      else log.warn({ code: state.code }, 'the keep is not there: everybody is refused');
    },
  });

/** Serves over the link until `stopped`. */
const serveFronts = async (options: ServeGateOptions, link: LinkClient, stopped: Promise<void>): Promise<void> => {
  const { config, log } = options;
  const client = createClient(link);
  const nonces = watchNonces(client, log);
  const relaying = new AbortController();
  void relayForKeep(client, log, relaying.signal);
  try {
    const started = await startFronts(options, { client, nonces, log, directory: config.gate.directory });
    const addresses = Object.fromEntries(started.map(({ name, front }) => [name, front.addresses]));
    notifyReady(options.readyFd, addresses);
    log.info(addresses, 'ready');
    await stopped;
    log.info('stopping');
    await Promise.all(started.map(({ front }) => front.drain(config.gate.drain_seconds * 1_000)));
    for (const { front } of started) front.close();
  } finally {
    nonces.close();
    relaying.abort();
    await link.close();
  }
};

/** Returns when everything has ended. */
export const serveGate = async (options: ServeGateOptions): Promise<void> => {
  const { config } = options;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const pid = writePidFile(config.gate.pid_file);
  try {
    const key = await readPeerKey(join(config.gate.directory, 'link.key'));
    onStopSignals(() => stop());
    await serveFronts(
      options,
      new LinkClient({ ...wayToServer(config.keep.socket, config.gate.serial_line), key }),
      stopped,
    );
  } finally {
    pid.remove();
  }
};

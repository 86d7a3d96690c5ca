// A front speaks one protocol of the network and decides nothing: it turns what a peer says into an operation of the keep
// and the answer into the protocol's own words. It holds no secret but for the moment in which one passes through.

import type { Client } from '@chatelaine/contract';
import type { Log } from '@chatelaine/process';
import type { z } from 'zod';
import type { HttpPart } from './http/http-context.ts';

/** Nonces of the keep, to be mixed into handshakes. */
export interface Nonces {
  /** The newest one, 32 bytes; undefined while the keep cannot be reached. */
  current(): Buffer | undefined;
}

/** What a front is given. */
export interface GateServices {
  readonly client: Client;
  readonly nonces: Nonces;
  readonly log: Log;
  /** The gate's own, for what it keeps over a restart. */
  readonly directory: string;
  /** What the named fronts without an address of their own answer over HTTP. */
  readonly httpParts: readonly HttpPart[];
}

/** A front that is being served. */
export interface Front {
  /** Where it listens, as `ADDRESS:PORT` or `[ADDRESS]:PORT`; behind `https://` or `http://` if it speaks HTTP; of a local socket its path. */
  readonly addresses: readonly string[];
  /** Accepts nobody any more and resolves when what was under way is answered, at the latest after so long. */
  drain(deadlineMs: number): Promise<void>;
  /** Ends what is left at once. */
  close(): void;
}

/** How a front is found, configured and started. */
export interface FrontDefinition<Schema extends z.ZodType = z.ZodType> {
  /** Names its folder, its table `[gate.NAME]` and its entry in `gate.fronts`. */
  readonly name: string;
  /** Every option has a default. */
  readonly configSchema: Schema;
  /** Makes what it keeps in the gate's directory, if that is missing; gives what a person should know of it. */
  prepare?(directory: string, config: z.output<Schema>): Promise<Readonly<Record<string, string>>>;
  /** Throws if it cannot listen. */
  start(services: GateServices, config: z.output<Schema>): Promise<Front>;
}

/** A front without an address of its own: what it answers is a part of what another one does, which is named beside it. */
export interface PartFrontDefinition {
  /** Names its folder and its entry in `gate.fronts`. */
  readonly name: string;
  readonly partOf: 'http';
  load(): Promise<HttpPart>;
}

/** Any front that can be named in `gate.fronts`. */
export type KnownFront = FrontDefinition | PartFrontDefinition;

/** Whether it is a part of another front. */
export const isPartFront = (front: KnownFront): front is PartFrontDefinition => 'partOf' in front;

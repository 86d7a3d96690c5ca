// What every part of the front is given, and what it can ask about a request.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Metrics } from '@chatelaine/process';
import type { Context, Hono } from 'hono';
import type { GateServices } from '../front.ts';
import type { HttpConfig } from './http-config.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RequestBodies } from './request-body.ts';

interface HttpEnv {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse };
}

export type HttpApp = Hono<HttpEnv>;

/** A request that is being answered. */
export type HttpContext = Context<HttpEnv>;

export interface HttpServices extends GateServices {
  readonly config: HttpConfig;
  readonly limits: RateLimits;
  readonly bodies: RequestBodies;
  readonly metrics: Metrics;
}

/** A part of what the front answers: it adds its routes. Each part is one line in `http-parts.ts`. */
export interface HttpPart {
  readonly name: string;
  add(app: HttpApp, services: HttpServices): void;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const requestIds = new WeakMap<IncomingMessage, string>();

/** The caller's name for the request if it is one, otherwise a new one; the same for the whole request. */
export const requestIdOf = ({ env: { incoming } }: HttpContext): string => {
  const known = requestIds.get(incoming);
  if (known !== undefined) return known;
  const given = incoming.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  requestIds.set(incoming, id);
  return id;
};

/** The address that the request comes from, as far as the proxies of the settings are believed. */
export const sourceOf = ({ env: { incoming } }: HttpContext, { proxies }: HttpConfig): string => {
  const address = (incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!proxies.includes(address)) return address;
  const forwarded = incoming.headers['x-forwarded-for'];
  const last = (typeof forwarded === 'string' ? forwarded : '').split(',').at(-1)?.trim() ?? '';
  return isIP(last) === 0 ? address : last;
};

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/** The bearer token of a request (RFC 6750), as bytes of their own: whoever asks wipes them. */
export const credentialOf = ({ env: { incoming } }: HttpContext): Buffer | undefined => {
  const token = BEARER.exec(incoming.headers.authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const bytes = Buffer.allocUnsafeSlow(token.length);
  bytes.write(token, 'latin1');
  return bytes;
};

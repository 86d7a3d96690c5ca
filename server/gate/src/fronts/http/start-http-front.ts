// Listens, bounded in connections, time and size, so that whoever sends slowly, too much, or nothing, is let go.

import { createServer as createPlainServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { Metrics } from '@chatelaine/process';
import { getRequestListener } from '@hono/node-server';
import { formatListenAddress, type ListenAddress, listenAt } from '../../listen-address.ts';
import type { Front, GateServices } from '../front.ts';
import {
  CertificateError,
  type CertificateFiles,
  certificateFiles,
  changedAtMs,
  prepareCertificate,
  readCertificate,
} from './certificate.ts';
import { makeHttpApp } from './http-app.ts';
import type { HttpConfig } from './http-config.ts';
import { httpParts } from './http-parts.ts';
import { RateLimits } from './rate-limits.ts';
import { RequestBodies } from './request-body.ts';

const BACKLOG = 1_024;
const MAX_HEAD_BYTES = 16_384;
const MAX_HEADERS = 64;
const CHECK_CONNECTIONS_MS = 1_000;
const CHECK_CERTIFICATE_MS = 60_000;

const boundsOf = (config: HttpConfig): ServerOptions => ({
  headersTimeout: config.head_seconds * 1_000,
  requestTimeout: Math.max(config.request_seconds, config.head_seconds) * 1_000,
  keepAliveTimeout: config.idle_seconds * 1_000,
  connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
  maxHeaderSize: MAX_HEAD_BYTES,
  noDelay: true,
});

const bound = <S extends Server | TlsServer>(server: S, config: HttpConfig, listener: RequestListener): S => {
  server.maxConnections = config.max_connections;
  server.maxHeadersCount = MAX_HEADERS;
  // Also for somebody who does not take the answer.
  server.setTimeout(Math.max(config.idle_seconds, config.answer_seconds + config.request_seconds) * 1_000);
  server.on('request', listener);
  // Whoever asks whether to send the body is told by whoever reads it.
  server.on('checkContinue', listener);
  return server;
};

const makeTlsServer = (files: CertificateFiles, config: HttpConfig): TlsServer =>
  createTlsServer({
    ...boundsOf(config),
    ...readCertificate(files),
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    handshakeTimeout: config.head_seconds * 1_000,
    ALPNProtocols: ['http/1.1'],
  });

class HttpFront implements Front {
  readonly addresses: readonly string[];
  readonly #servers: readonly Server[];
  readonly #stop: () => void;

  constructor(addresses: readonly string[], servers: readonly Server[], stop: () => void) {
    this.addresses = addresses;
    this.#servers = servers;
    this.#stop = stop;
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#stop();
    const ended = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      void Promise.all(ended).then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    this.#stop();
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }
}

/** Reads a renewed certificate; one that cannot be used leaves the present one in place. */
const followCertificate = (files: CertificateFiles, servers: readonly TlsServer[], { log }: GateServices) => {
  let readAtMs = changedAtMs(files);
  return setInterval(() => {
    const changed = changedAtMs(files);
    if (changed === readAtMs) return;
    readAtMs = changed;
    try {
      const pair = readCertificate(files);
      for (const server of servers) server.setSecureContext(pair);
      log.info({ fingerprint: pair.fingerprint }, 'the certificate was renewed');
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      log.error({ why: error.message }, 'the renewed certificate cannot be used; the earlier one stays');
    }
  }, CHECK_CERTIFICATE_MS).unref();
};

/** Throws ListenError or {@link CertificateError}. */
export const startHttpFront = async (services: GateServices, config: HttpConfig): Promise<Front> => {
  const files = certificateFiles(config, services.directory);
  const { fingerprint } = await prepareCertificate(services.directory, config);
  if (fingerprint !== undefined && files.isOwn) services.log.info({ fingerprint }, 'the certificate signs itself');
  const metrics = new Metrics();
  const limits = new RateLimits({
    perSecond: config.requests_per_second,
    strangersPerSecond: config.stranger_requests_per_second,
    now: () => performance.now(),
  });
  const bodies = new RequestBodies(config.max_body_bytes);
  const app = makeHttpApp([...httpParts, ...services.httpParts], { ...services, config, limits, bodies, metrics });
  const listener = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    hostname: 'localhost',
  }) as unknown as RequestListener;
  const tls = config.listen.map(() => bound(makeTlsServer(files, config), config, listener));
  const plain = config.plain.map(() => bound(createPlainServer(boundsOf(config)), config, listener));
  const servers: readonly Server[] = [...tls, ...plain];
  metrics.gauge('chatelaine_http_connections', 'Open connections.', () => connections);
  let connections = 0;
  for (const server of servers) {
    server.on('connection', (socket) => {
      connections++;
      socket.once('close', () => connections--);
    });
  }
  const follow = followCertificate(files, tls, services);
  const front = (addresses: readonly string[]): HttpFront =>
    new HttpFront(addresses, servers, () => clearInterval(follow));
  try {
    const at = [
      ...config.listen.map((address, index) => ['https', address, servers[index]] as const),
      ...config.plain.map((address, index) => ['http', address, servers[config.listen.length + index]] as const),
    ];
    const addresses = await Promise.all(
      at.map(async ([scheme, address, server]) => {
        const where = await listenAt(server as Server, address as ListenAddress, { backlog: BACKLOG });
        return `${scheme}://${formatListenAddress(where)}`;
      }),
    );
    for (const server of servers) server.on('error', (error) => services.log.error({ err: error }, 'listening failed'));
    return front(addresses);
  } catch (error) {
    front([]).close();
    throw error;
  }
};

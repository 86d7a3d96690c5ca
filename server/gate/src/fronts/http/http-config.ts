// The table [gate.http].

import { isIPv4 } from 'node:net';
import { absolutePath } from '@chatelaine/process';
import * as z from 'zod';
import { type ListenAddress, listenAddress } from '../../listen-address.ts';

const isLoopback = ({ host }: ListenAddress): boolean => (isIPv4(host) ? host.startsWith('127.') : host === '::1');

const seconds = z.int().min(1).max(3_600);

export const httpConfig = z
  .strictObject({
    /** HTTPS. Port 0 picks a free one. */
    listen: z.array(listenAddress).max(16).readonly().prefault(['[::]:8443']),
    /** HTTP without TLS: only on this machine. */
    plain: z
      .array(listenAddress.refine(isLoopback, 'must be an address of this machine alone, 127.0.0.1 or [::1]'))
      .max(16)
      .readonly()
      .default([]),
    /** PEM: the certificate and those between it and its authority. Without it, one that signs itself. Read again when it changes. */
    certificate: absolutePath.optional(),
    /** PEM: its private key. */
    key: absolutePath.optional(),
    max_body_bytes: z.int().min(1_024).max(1_048_576).default(1_048_576),
    max_connections: z.int().min(1).max(1_000_000).default(10_000),
    /** For the TLS handshake and the head of a request. */
    head_seconds: seconds.default(10),
    /** For a whole request to arrive. */
    request_seconds: seconds.default(30),
    /** For the keep to answer. */
    answer_seconds: seconds.default(30),
    /** Without a request on a connection that stays open. */
    idle_seconds: seconds.default(60),
    /** Of one token; twice as many may come at once. */
    requests_per_second: z.int().min(1).max(1_000_000).default(10_000),
    /** Of one address without a token that was good before; ten times as many may come at once. */
    stranger_requests_per_second: z.int().min(1).max(1_000_000).default(20),
    /** Addresses of proxies that are believed where a request comes from: the last word of their X-Forwarded-For. */
    proxies: z
      .array(z.union([z.ipv4(), z.ipv6()], 'must be an address'))
      .max(16)
      .readonly()
      .default([]),
    /** Addresses of validation servers for which codes of YubiKeys are opened at /wsapi/decrypt, if the front "yubico" is named. */
    decrypt_for: z
      .array(z.union([z.ipv4(), z.ipv6()], 'must be an address'))
      .max(64)
      .readonly()
      .default([]),
    /** Whether this machine may read /metrics without a token. */
    metrics_on_loopback: z.boolean().default(false),
  })
  .refine((table) => (table.certificate === undefined) === (table.key === undefined), {
    path: ['key'],
    message: 'must be given together with certificate',
  })
  .refine(({ listen, plain }) => listen.length + plain.length > 0, {
    path: ['listen'],
    message: 'must name an address, unless plain does',
  });

export type HttpConfig = z.output<typeof httpConfig>;

// Counters of keep and gate for Prometheus, for whoever has a token with the capability system.metrics; where it is
// configured, for this machine without one.

import { BlockList, isIPv6 } from 'node:net';
import { type CallOptions, refuse, system } from '@chatelaine/contract';
import { respond, respondProblem } from './answers.ts';
import { credentialOf, type HttpPart, sourceOf } from './http-context.ts';
import { callerOf } from './rate-limits.ts';

const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** A page in a browser on this machine could ask under a name of its own that leads here. */
const isLocalHost = (host: string | undefined): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '');

const isLoopback = (address: string): boolean => loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

export const metricsPart: HttpPart = {
  name: 'metrics',
  add(app, { client, config, limits, metrics }) {
    app.get('/metrics', async (context) => {
      const source = sourceOf(context, config);
      const credential = credentialOf(context);
      try {
        const caller = callerOf(credential, source);
        if (!limits.admits(caller)) return respondProblem(context, refuse('too-many-requests'));
        const isFree =
          credential === undefined &&
          config.metrics_on_loopback &&
          isLoopback(source) &&
          isLocalHost(context.env.incoming.headers.host);
        if (credential === undefined && !isFree) return respondProblem(context, refuse('unauthenticated'));
        const options: CallOptions = credential === undefined ? {} : { credential, source };
        const result = await client.call(system.metrics, {}, { ...options, deadlineMs: config.answer_seconds * 1_000 });
        limits.learn(caller, result);
        if (result.kind === 'refused') return respondProblem(context, result);
        return respond(context, TEXT_FORMAT, result.value.text + metrics.text());
      } finally {
        credential?.fill(0);
      }
    });
  },
};

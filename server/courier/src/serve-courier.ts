// Carries notices until it is told to stop. What is not delivered by then is delivered after the next start.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type machines, type passwords } from '@chatelaine/contract';
import { LinkClient, readPeerKey, wayToServer } from '@chatelaine/link';
import { type Log, notifyReady, onStopSignals, writePidFile } from '@chatelaine/process';
import type { CourierConfig } from './courier-config.ts';
import { deliverToHook } from './deliver-hook.ts';
import { deliverToWebhook } from './deliver-webhook.ts';
import { followEvents, followPasswords } from './follow-events.ts';
import { type Notice, noticeOf, noticeOfPassword, Repetitions, subjectOf } from './notice.ts';
import { Spool } from './spool.ts';
import { Target } from './target.ts';

const PAUSE_MS = 500;
const HOUR_MS = 3_600_000;

export interface ServeCourierOptions {
  readonly config: CourierConfig;
  readonly log: Log;
  readonly readyFd: number | undefined;
}

const idOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

const makeTargets = ({ config, log }: ServeCourierOptions, spool: Spool, signal: AbortSignal): readonly Target[] => {
  const { hooks, webhooks, give_up_hours: giveUpHours } = config.courier;
  const common = { spool, log, signal, giveUpAfterMs: giveUpHours * HOUR_MS };
  return [
    ...hooks.map(({ command, kinds }) => {
      const [name] = command;
      const deliver = (notice: Notice): Promise<string | undefined> => deliverToHook(command, notice);
      return new Target({ ...common, id: idOf(`hook ${JSON.stringify(command)}`), name, kinds, deliver });
    }),
    ...webhooks.map(({ url, kinds, secret_file: secretFile }) => {
      const secret = secretFile === undefined ? undefined : readFileSync(secretFile);
      const deliver = (notice: Notice): Promise<string | undefined> => deliverToWebhook({ url, secret }, notice);
      // A token may be part of the path.
      return new Target({ ...common, id: idOf(`webhook ${url}`), name: new URL(url).origin, kinds, deliver });
    }),
  ];
};

/** Writes a notice down for every target that wants it, then sends it on its way. */
const carry = async (notice: Notice, targets: readonly Target[], spool: Spool, log: Log): Promise<void> => {
  for (const target of targets) {
    if (!target.wants(notice)) continue;
    const spooled = await spool.put(target.id, notice);
    if (spooled !== undefined) target.push(spooled);
    else log.error({ kind: notice.kind, about: subjectOf(notice) }, 'too many notices wait; this one is lost');
  }
};

/** Returns when everything has ended. */
export const serveCourier = async (options: ServeCourierOptions): Promise<void> => {
  const { config, log, readyFd } = options;
  const { directory, pid_file: pidFile } = config.courier;
  const stop = new AbortController();
  const pid = writePidFile(pidFile);
  try {
    const key = await readPeerKey(join(directory, 'link.key'));
    const spool = new Spool(join(directory, 'spool'));
    const targets = makeTargets(options, spool, stop.signal);
    for (const spooled of await spool.open()) {
      const target = targets.find(({ id }) => id === spooled.target);
      if (target !== undefined) target.push(spooled);
      else spool.remove(spooled);
    }
    onStopSignals(() => {
      log.info('stopping');
      stop.abort('stopped');
    });
    const link = new LinkClient({ ...wayToServer(config.keep.socket, config.courier.serial_line), key });
    const repetitions = new Repetitions();
    const happened = async (event: machines.MachineEvent): Promise<void> => {
      const notice = noticeOf(event, Date.now());
      if (notice !== undefined && repetitions.isNew(notice, Date.now())) await carry(notice, targets, spool, log);
    };
    const changed = async (event: passwords.PasswordEvent): Promise<void> => {
      const notice = noticeOfPassword(event, Date.now());
      if (notice !== undefined) await carry(notice, targets, spool, log);
    };
    const listening = (): void => log.info({ targets: targets.length }, 'listening');
    notifyReady(readyFd, {});
    try {
      const follow = { client: createClient(link), pauseMs: PAUSE_MS, signal: stop.signal };
      await Promise.all([followEvents({ ...follow, happened, listening }), followPasswords(follow, changed)]);
    } finally {
      await link.close();
    }
    await Promise.all(targets.map(({ idle }) => idle));
  } finally {
    pid.remove();
  }
};

// Watches until it is told to stop, or its helper ends. It is ready without its keep, and asks for it for ever; checks go on
// while the keep is away, and are told when it is back.

import { join } from 'node:path';
import { createClient } from '@chatelaine/contract';
import { LinkClient, type PeerKey, PeerKeyFileError, readPeerKey, wayToServer } from '@chatelaine/link';
import { type Log, notifyReady, onStopSignals, writePidFile } from '@chatelaine/process';
import { openBootClock } from './boot-clock.ts';
import type { CheckersHelper } from './checkers-helper.ts';
import { followSchedule, type KeepState } from './follow-schedule.ts';
import { MachineChecks } from './machine-checks.ts';
import { ReportOutbox } from './report-outbox.ts';
import { ReportSender } from './report-sender.ts';
import { Ticker } from './ticker.ts';
import type { WatchConfig } from './watch-config.ts';

/** How long news waits for more of it, and how long a check that ended like the one before. */
const [URGENT_DELAY_MS, CALM_DELAY_MS] = [100, 1_000];

/** How long a result waits for a keep that is away. It still dates from the start of its check. */
const LONGEST_UNTOLD_MS = 10 * 60_000;

const PAUSE_MS = 1_000;

export interface ServeWatchOptions {
  readonly config: WatchConfig;
  readonly helper: CheckersHelper;
  readonly log: Log;
  readonly readyFd: number | undefined;
}

/** Says how it stands with the keep, each thing once. */
const stateLog = (log: Log): ((state: KeepState) => void) => {
  let said: string | undefined;
  return (state) => {
    const words = state.kind === 'gone' ? `gone ${state.code}` : state.kind;
    if (words === said || (state.kind === 'there' && said === undefined)) return;
    said = words;
    if (state.kind === 'complete')
      log.info({ machines: state.machines }, 'the keep is there, and every machine is known');
    if (state.kind === 'gone') log.warn({ code: state.code }, 'the keep is not there: what is seen is told later');
  };
};

/** Watches over the link until the signal aborts. */
const watchMachines = async ({ config, helper, log }: ServeWatchOptions, link: LinkClient, signal: AbortSignal) => {
  const client = createClient(link);
  const now = openBootClock();
  const outbox = new ReportOutbox(LONGEST_UNTOLD_MS);
  const checks = new MachineChecks({
    // Whatever becomes of a check is to be told, and may let another one begin.
    checkers: {
      begin: (order, ended) =>
        helper.begin(order, (ending) => {
          ended(ending);
          changed();
        }),
    },
    outbox,
    log,
    now,
    maxCheckers: config.watch.max_checkers,
  });
  const sender = new ReportSender({
    client,
    outbox,
    log,
    now,
    onAnswer: (answer) => {
      checks.takeAnswer(answer);
      changed();
    },
    urgentDelayMs: URGENT_DELAY_MS,
    calmDelayMs: CALM_DELAY_MS,
    pauseMs: PAUSE_MS,
  });
  const ticker = new Ticker(
    () => {
      checks.advance();
      sender.wake();
    },
    () => checks.waitMs(),
  );
  const changed = (): void => {
    ticker.arm();
    sender.wake();
  };
  const say = stateLog(log);
  await followSchedule({
    client,
    checks,
    pauseMs: PAUSE_MS,
    onState: (state) => {
      say(state);
      if (state.kind === 'gone') sender.close();
      else sender.open();
      // Everything is told anew, also when each time runs out.
      if (state.kind === 'there') outbox.forgetDue();
    },
    onChange: changed,
    signal,
  });
  checks.close();
  ticker.close();
  await sender.finish();
};

const readLinkKey = async (path: string): Promise<PeerKey> => {
  try {
    return await readPeerKey(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new PeerKeyFileError(`${path} does not exist; make it with: chatelaine init --complete`);
  }
};

/** Returns when everything has ended. Rejects when the helper ended by itself. */
export const serveWatch = async (options: ServeWatchOptions): Promise<void> => {
  const { config, helper, log } = options;
  const stop = new AbortController();
  const pid = writePidFile(config.watch.pid_file);
  try {
    const key = await readLinkKey(join(config.watch.directory, 'link.key'));
    onStopSignals(() => stop.abort());
    const link = new LinkClient({ ...wayToServer(config.keep.socket, config.watch.serial_line), key });
    await helper.ready;
    notifyReady(options.readyFd, {});
    log.info({ maxCheckers: config.watch.max_checkers }, 'ready');
    try {
      await Promise.race([watchMachines(options, link, stop.signal), helper.ended]);
      log.info('stopping');
    } finally {
      stop.abort();
      await Promise.all([helper.close(), link.close()]);
    }
  } finally {
    pid.remove();
  }
};

// Serves one keep on its UNIX socket until it is told to stop.

import { join } from 'node:path';
import { explainRefusal } from '@chatelaine/contract';
import {
  type LinkEvent,
  LinkServer,
  listenUnix,
  openSerialLine,
  readPeerKeys,
  serveSerialLine,
} from '@chatelaine/link';
import { type Log, notifyReady, onStopSignals, writePidFile } from '@chatelaine/process';
import { wipe } from '@chatelaine/secret';
import { openSqliteStore } from '@chatelaine/store';
import type { HostCredentials } from './host-credentials.ts';
import { Keep, storePath } from './keep.ts';
import type { KeepConfig } from './keep-config.ts';
import { knownModules } from './modules/index.ts';
import { type OpenByPeersOptions, openByPeers } from './peers/open-by-peers.ts';
import { removeLeftoverCopies } from './system/backup-operation.ts';
import { version } from './version.ts';

const DRAIN_MS = 5_000;
// Nothing in the keep follows the store for longer than a moment.
const RECENT_BYTES = 1_048_576;
/** On a full disk some thousand releases still go out. */
const RESERVE_BYTES = 8 * 1_048_576;

export interface ServeOptions {
  readonly config: KeepConfig;
  readonly log: Log;
  /** Opens the keep at the start; wiped here. */
  readonly unsealKey: Buffer | undefined;
  /** What systemd keeps for key slots of this machine; wiped here. */
  readonly credentials: HostCredentials;
  readonly readyFd: number | undefined;
}

const unsealAtStart = async (keep: Keep, unsealKey: Buffer): Promise<void> => {
  const opened = await keep.unseal(
    { kind: 'key-file', secret: unsealKey },
    { role: 'admin', identity: 'unseal-key-file' },
  );
  wipe(unsealKey);
  if (opened.kind === 'refused') keep.noteProblem(explainRefusal(opened).text);
};

/** Tries what systemd kept. */
const unsealByHost = async (keep: Keep, { secrets, problems }: HostCredentials, log: Log): Promise<void> => {
  for (const problem of problems) log.warn({ problem }, 'a key slot of this machine cannot be used');
  let refused: string | undefined = problems[0];
  for (const secret of secrets) {
    if (keep.kernel.open === undefined) {
      const by = { role: 'admin', identity: 'systemd-creds' } as const;
      const opened = await keep.unseal({ kind: 'systemd-creds', secret }, by);
      refused = opened.kind === 'refused' ? explainRefusal(opened).text : undefined;
    }
    wipe(secret);
  }
  if (refused !== undefined && keep.kernel.open === undefined) keep.noteProblem(refused);
};

const askPeers = async (keep: Keep, directory: string, log: Log, signal: AbortSignal): Promise<void> => {
  const isOpen = (): boolean => keep.kernel.open !== undefined;
  if (isOpen()) return;
  const unseal: OpenByPeersOptions['unseal'] = (secret, { slot }) =>
    keep.unseal(secret, { role: 'admin', identity: `peer-${slot}` });
  try {
    await openByPeers({ directory, relay: keep.relay, log, isOpen, unseal }, signal);
  } catch (error) {
    log.error({ err: error }, 'other servers could not be asked');
  }
};

const logLinkEvent = (log: Log, event: LinkEvent): void => {
  const { kind, ...fields } = event;
  if (event.kind === 'failed')
    log.error({ operation: event.operation, err: event.error }, 'an answer could not be made');
  else if (event.kind === 'turned-away') log.warn(fields, 'a peer was turned away');
  else log.debug(fields, kind);
};

const serveLines = (server: LinkServer, { serial_lines: lines }: KeepConfig['keep'], log: Log): void => {
  for (const line of lines) {
    serveSerialLine({
      server,
      open: () => openSerialLine(line),
      onState: (state) => {
        const { device } = line;
        if (state.kind === 'open') log.info({ device }, 'a serial line is open');
        else log.error({ device, reason: state.reason }, 'a serial line cannot be opened');
      },
    });
  }
};

/** Returns the exit code. */
export const serveKeep = async ({ config, log, unsealKey, credentials, readyFd }: ServeOptions): Promise<number> => {
  const { directory, socket, pid_file: pidFile, anchor, modules } = config.keep;
  const { promise: stopped, resolve } = Promise.withResolvers<number>();
  const stop = (): void => resolve(0);
  const pid = writePidFile(pidFile);
  const peers = await readPeerKeys(join(directory, 'link'));
  const store = await openSqliteStore({
    path: storePath(directory),
    purpose: config.purpose,
    recentBytes: RECENT_BYTES,
    reserveBytes: RESERVE_BYTES,
    log: (event) => log.info({ ...event }, 'store'),
    onFatal: (error) => {
      log.error({ err: error }, 'the disk failed');
      resolve(1);
    },
  });
  await removeLeftoverCopies(directory);
  const keep = new Keep({
    store,
    anchorPath: anchor,
    directory,
    version,
    known: knownModules,
    modules,
    settings: { ldap: config.ldap },
    log,
    onStopRequested: stop,
  });
  if (unsealKey !== undefined) await unsealAtStart(keep, unsealKey);
  await unsealByHost(keep, credentials, log);
  const server = new LinkServer({
    keyOf: (identity) => peers.get(identity),
    handler: keep.kernel,
    onEvent: (event) => logLinkEvent(log, event),
  });
  const gid = process.getegid?.() ?? 0;
  const listener = await listenUnix({ path: socket, mode: 0o660, gid, server });
  serveLines(server, config.keep, log);
  onStopSignals(stop);
  const ending = new AbortController();
  void askPeers(keep, directory, log, ending.signal);
  const sealed = keep.kernel.open === undefined;
  notifyReady(readyFd, { sealed });
  log.info({ socket, sealed, peers: [...peers.keys()] }, 'ready');
  const code = await stopped;
  log.info({}, 'stopping');
  ending.abort();
  await listener.close();
  await server.close({ drainMs: DRAIN_MS });
  await keep.close();
  pid.remove();
  return code;
};

// Serves one keep on its UNIX socket until it is told to stop.

import { dirname, join } from 'node:path';
import { explainRefusal } from '@chatelaine/contract';
import { LinkServer, listenUnix, readPeerKeys } from '@chatelaine/link';
import { type Log, lookUpGroup, notifyReady, onStopSignals, writePidFile } from '@chatelaine/process';
import { wipe } from '@chatelaine/secret';
import { openSqliteStore } from '@chatelaine/store';
import { Keep, storePath } from './keep.ts';
import type { KeepConfig } from './keep-config.ts';
import { knownModules } from './modules/index.ts';
import { removeLeftoverCopies } from './system/backup-operation.ts';
import { version } from './version.ts';

const DRAIN_MS = 5_000;
const SOCKET_MODE = 0o660;

export interface ServeOptions {
  readonly config: KeepConfig;
  readonly log: Log;
  /** Opens the keep at the start; wiped here. */
  readonly unsealKey: Buffer | undefined;
  readonly readyFd: number | undefined;
}

const unsealAtStart = async (keep: Keep, unsealKey: Buffer): Promise<void> => {
  const opened = await keep.unseal(
    { kind: 'key-file', secret: unsealKey },
    { role: 'admin', identity: 'unseal-key-file' },
    Date.now(),
  );
  wipe(unsealKey);
  if (opened.kind === 'refused') keep.noteProblem(explainRefusal(opened).text);
};

/** Returns the exit code. */
export const serveKeep = async ({ config, log, unsealKey, readyFd }: ServeOptions): Promise<number> => {
  const { directory, socket, pid_file: pidFile, anchor, modules } = config.keep;
  const store = await openSqliteStore({ path: storePath(directory) });
  if (store.purpose !== config.purpose) {
    await store.close();
    log.error(
      { store: store.purpose, settings: config.purpose },
      explainRefusal({ kind: 'refused', code: 'wrong-purpose' }).text,
    );
    return 1;
  }
  await removeLeftoverCopies(directory);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const keep = new Keep({
    store,
    anchorPath: anchor,
    directory,
    version,
    known: knownModules,
    modules,
    log,
    onStopRequested: stop,
  });
  if (unsealKey !== undefined) await unsealAtStart(keep, unsealKey);
  const peers = new Map((await readPeerKeys(join(directory, 'link'))).map((peer) => [peer.identity, peer]));
  const server = new LinkServer({ keyOf: (identity) => peers.get(identity), handler: keep.kernel });
  const listener = await listenUnix({ path: socket, mode: SOCKET_MODE, gid: lookUpGroup(config.group), server });
  const pid = writePidFile(pidFile);
  onStopSignals(stop);
  const sealed = keep.kernel.open === undefined;
  notifyReady(readyFd, { sealed });
  log.info({ socket: dirname(socket), sealed, peers: [...peers.keys()] }, 'ready');
  await stopped;
  log.info({}, 'stopping');
  await listener.close();
  await server.close({ drainMs: DRAIN_MS });
  await keep.close();
  pid.remove();
  return 0;
};

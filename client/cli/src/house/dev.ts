// `chatelaine dev`: keep and its peers as children of this process, for trying out. It is ready when it prints its one line
// of JSON; when it ends, all have ended, the keep last, so that what was under way is answered.

import { Failure } from '../failure.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { printJson } from '../terminal/output.ts';
import { type DevInstance, prepareDevDirectory } from './dev-directory.ts';
import { httpAddresses } from './dev-fronts.ts';
import { HouseProcess } from './house-process.ts';
import { type HouseProcessName, type PeerName, peerNames } from './house-processes.ts';

export interface DevOptions extends GlobalOptions {
  readonly mandos?: string;
  readonly http?: string;
  readonly bus?: string;
}

const addressOf = (ready: Readonly<Record<string, unknown>>): string | undefined => {
  const addresses = ready['mandos'];
  return Array.isArray(addresses) && typeof addresses[0] === 'string' ? addresses[0] : undefined;
};

/** Resolves at the first SIGTERM or SIGINT; a second one ends everything at once. */
const stopAsked = (running: readonly HouseProcess[]): Promise<'asked'> =>
  new Promise((resolve) => {
    let isAsked = false;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isAsked) for (const child of running) void child.stop(0);
        isAsked = true;
        resolve('asked');
      });
    }
  });

/** The first process that ends without having been asked. */
const deathOf = async (child: HouseProcess): Promise<never> => {
  const ending = await child.ended;
  throw new Failure('refused', `The ${child.name} ${ending}; everything is stopped.`);
};

const serve = async (
  instance: DevInstance,
  running: HouseProcess[],
  asked: Promise<'asked'>,
  bus: string | undefined,
): Promise<void> => {
  const start = async (name: HouseProcessName): Promise<Readonly<Record<string, unknown>> | 'asked'> => {
    const more = name === 'bus' && bus !== undefined ? ['--address', bus] : [];
    const child = new HouseProcess(name, ['--config', instance.configFile, ...more]);
    running.push(child);
    return await Promise.race([child.ready(), asked]);
  };
  const keep = await start('keep');
  if (keep === 'asked') return;
  if (keep['sealed'] === true) throw new Failure('refused', 'The keep did not open; its last words are above.');
  const isWanted = (name: PeerName): boolean =>
    (name !== 'bus' || bus !== undefined) && (name !== 'courier' || instance.hasNotices);
  // All at once: each needs the keep, and none another.
  const starts = await Promise.all(peerNames.filter(isWanted).map(async (name) => [name, await start(name)] as const));
  if (starts.some(([, ready]) => ready === 'asked')) return;
  const gate = starts.find(([name]) => name === 'gate')?.[1];
  const said = gate === undefined || gate === 'asked' ? {} : gate;
  const mandos = addressOf(said);
  const http = httpAddresses(said);
  await printJson({ dir: instance.directory, ...(mandos !== undefined && { mandos }), ...http });
  await Promise.race([asked, ...running.map(deathOf)]);
};

export const runDevInstance = async (options: DevOptions): Promise<void> => {
  if (options.config !== undefined) throw new Failure('usage', 'dev takes a directory, --dir, and no --config.');
  const given = options.dir ?? (process.env['CHATELAINE_DIR'] || undefined);
  const instance = await prepareDevDirectory(given, options.mandos, options.http);
  const running: HouseProcess[] = [];
  const asked = stopAsked(running);
  try {
    await serve(instance, running, asked, options.bus);
  } finally {
    // The peers all at once: each ends what it has under way. The keep last, so that it can answer them until then.
    const [keep, ...others] = running;
    await Promise.all(others.map((child) => child.stop(instance.patienceMs(child.name))));
    await keep?.stop(instance.patienceMs(keep.name));
  }
};

// `chatelaine keyring guard`: locks when the machine goes to sleep, and ends. While it runs, logind waits with the suspend until it is
// locked. Where there is no logind, it locks as soon as the machine is awake again. Invariant: it holds no secret.
// systemd-inhibit(1), org.freedesktop.login1(5)

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type SealedStore, suspendedMs } from '@chatelaine/keyring/sealed';
import { say } from '../terminal/output.ts';
import type { KeyringOptions } from './keyring-options.ts';
import { openSealed } from './open-sealed.ts';
import { refusing } from './refusals.ts';

const LOOK_EVERY_MS = 2_000;
const TOLERANCE_MS = 1_000;

const signalOfSleep =
  "type='signal',path='/org/freedesktop/login1',interface='org.freedesktop.login1.Manager',member='PrepareForSleep'";

const monitor = ['dbus-monitor', '--system', signalOfSleep] as const;
/** Holding the suspend back first; without, where that is not allowed. */
const listeners = [
  [
    'systemd-inhibit',
    '--what=sleep',
    '--mode=delay',
    '--who=chatelaine',
    '--why=The keyring is locked first',
    ...monitor,
  ],
  monitor,
] as const;

/** Listens to logind until `signal` is aborted. Whoever forges its message locks, no more. */
const listen = async (onSleep: () => void, signal: AbortSignal): Promise<void> => {
  for (const [program, ...args] of listeners) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], signal });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (/^\s*boolean true$/.test(line)) onSleep();
    });
    await new Promise((resolve) => {
      child.once('error', resolve).once('exit', resolve);
    });
    if (signal.aborted) return;
  }
  say('note: logind does not answer; it will be locked after a suspend, not before it');
};

/** Resolves when it is locked, by this or by anybody else. */
const guardUntilLocked = (store: SealedStore): Promise<string> =>
  new Promise((resolve) => {
    const asleepBefore = suspendedMs();
    const end = new AbortController();
    const finish = (reason: string): void => {
      if (end.signal.aborted) return;
      store.lock();
      clearInterval(timer);
      process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', stop);
      end.abort();
      resolve(reason);
    };
    const stop = (): void => finish('the guard was ended');
    const timer = setInterval(() => {
      if (suspendedMs() > asleepBefore + TOLERANCE_MS) finish('the machine was asleep');
      else if (store.state() !== 'unlocked') finish('its time is over, or somebody locked it');
    }, LOOK_EVERY_MS);
    process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stop);
    void listen(() => finish('the machine goes to sleep'), end.signal);
  });

export const guardKeyring = (options: KeyringOptions): Promise<void> =>
  refusing(async () => {
    const { store } = openSealed(options);
    if (store.state() !== 'unlocked') return say('It is locked: there is nothing to guard.');
    say(`Locked: ${await guardUntilLocked(store)}.`);
  });

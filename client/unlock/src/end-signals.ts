// How a program that may be ended at any moment ends: it tidies up and dies by the signal, so that its parent sees why. signal(7)

const endSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A signal that ends a plugin. */
type EndSignal = (typeof endSignals)[number];

/** The signals are being listened to. */
export interface EndSignals {
  /** The first that came. */
  readonly received: EndSignal | undefined;
  /** Lets them do again what they do by themselves. */
  readonly ignore: () => void;
}

/** Calls `handler` when the first of them comes; what comes later changes nothing. */
export const onEndSignals = (handler: (signal: EndSignal) => void): EndSignals => {
  let received: EndSignal | undefined;
  const receive = (signal: EndSignal): void => {
    if (received !== undefined) return;
    received = signal;
    handler(signal);
  };
  for (const signal of endSignals) process.on(signal, receive);
  return {
    get received() {
      return received;
    },
    ignore: () => {
      for (const signal of endSignals) process.off(signal, receive);
    },
  };
};

/** Ends this process by the signal. Never resolves. */
export const dieBySignal = (signal: EndSignal): Promise<never> => {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Delivered when the event loop turns.
  return new Promise(() => setInterval(() => undefined, 1000));
};

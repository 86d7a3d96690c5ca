// What becomes of each option of a mandos.conf: what to write instead, or why there is nothing to write. Nothing of that file
// is taken over by itself, since it says how a server of another make runs.

import { readBoolean } from '../clients-conf/boolean.ts';
import type { Problem } from '../clients-conf/problem.ts';
import type { RawOption } from '../clients-conf/read-sections.ts';

type Options = ReadonlyMap<string, RawOption>;

const DEFAULT_PORT = '14711';

/** The line of our configuration that listens where Mandos did. */
const listenLine = (options: Options): string => {
  const address = options.get('address')?.value ?? (isOff(options, 'use_ipv6') ? '0.0.0.0' : '::');
  const port = options.get('port')?.value ?? DEFAULT_PORT;
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `[gate.mandos] listen = ["${at}"]`;
};

const isOff = (options: Options, name: string): boolean => readBoolean(options.get(name)?.value ?? 'yes') === false;

const level = (options: Options): string => {
  const words: Readonly<Record<string, string>> = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error' };
  return words[options.get('debuglevel')?.value.toUpperCase() ?? ''] ?? 'fatal';
};

const explanations: Readonly<Record<string, (options: Options) => string>> = {
  interface: () =>
    'the gate listens at addresses, not at interfaces: name those of the interface in [gate.mandos] listen',
  address: (options) => `in chatelaine.toml: ${listenLine(options)}`,
  port: (options) => `in chatelaine.toml: ${listenLine(options)}`,
  use_ipv6: (options) =>
    isOff(options, 'use_ipv6')
      ? `in chatelaine.toml: ${listenLine(options)}`
      : 'both kinds of addresses are listened at anyway',
  debug: () => 'in chatelaine.toml: [log] level = "debug"; processes never go to the background',
  debuglevel: (options) => `in chatelaine.toml: [log] level = "${level(options)}"`,
  priority: () => 'in chatelaine.toml, the same string: [gate.mandos] priority',
  servicename: (options) =>
    `in chatelaine.toml: [gate.mandos] service_name = ${JSON.stringify(options.get('servicename')?.value)}`,
  zeroconf: (options) =>
    isOff(options, 'zeroconf')
      ? 'nothing is announced here, either, unless [gate.mandos] announce = true'
      : 'in chatelaine.toml: [gate.mandos] announce = true',
  use_dbus: (options) =>
    isOff(options, 'use_dbus')
      ? 'the bus is the work of a process of its own, chatelaine-bus: do not start it'
      : 'the bus is the work of a process of its own: start chatelaine-bus',
  restore: (options) =>
    isOff(options, 'restore')
      ? 'state is always kept: a machine that was disabled must not come back by a restart'
      : 'state is kept anyway, from every change on, not only from a clean stop',
  statedir: () => 'only read for the saved state; ours is in the store of the keep',
  foreground: () => 'processes never go to the background; the init system starts them',
  socket: () => 'no open socket is taken over; the gate opens its own',
};

/** One line for each option that is set, in the order of the file. */
export const explainServerSettings = (options: Options): readonly Problem[] =>
  [...options].map(([name, { line }]) => {
    const explain = Object.hasOwn(explanations, name) ? explanations[name] : undefined;
    const message = explain?.(options) ?? 'is no option of Mandos and means nothing here, either';
    return { line, section: 'DEFAULT', option: name, message };
  });

/** What goes without saying there, and does not here. */
export const explainServerDefaults = (options: Options): readonly string[] => [
  ...(options.has('port') || options.has('socket')
    ? []
    : [
        `Mandos takes any free port; here it is always the same, ${DEFAULT_PORT} unless [gate.mandos] listen says otherwise.`,
      ]),
  ...(options.has('zeroconf')
    ? []
    : ['Mandos announces itself on the local network; here only with [gate.mandos] announce = true.']),
  ...(options.has('use_dbus')
    ? []
    : ['Mandos is on the system bus; here chatelaine-bus is, a process of its own that is started if it is wanted.']),
];

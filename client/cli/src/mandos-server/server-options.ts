// How the server is to run: what was typed, else what mandos.conf says, else what Mandos does by itself. mandos.conf(5)

import { isIPv4, isIPv6 } from 'node:net';
import { join, resolve } from 'node:path';
import type { LogLevel } from '@chatelaine/process';
import { readBoolean } from '../clients-conf/boolean.ts';
import { describeProblem } from '../clients-conf/problem.ts';
import { readSections } from '../clients-conf/read-sections.ts';
import { Failure } from '../failure.ts';
import { readServerSettings } from '../mandos-conf/read-server-settings.ts';
import type { CommandLine } from './command-line.ts';

/** Checked whole. */
export interface ServerOptions {
  readonly configDirectory: string;
  readonly stateDirectory: string;
  readonly interface: string | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly usesIpv6: boolean;
  readonly priority: string | undefined;
  readonly serviceName: string | undefined;
  readonly announces: boolean;
  readonly usesDbus: boolean;
  readonly restores: boolean;
  readonly staysInForeground: boolean;
  readonly isDebugging: boolean;
  readonly logLevel: LogLevel;
  /** A file with the key that opens the keep; `none` if something else opens it; absent for one that is made here. */
  readonly unsealKeyFile: string | undefined;
}

const levels: Readonly<Record<string, LogLevel>> = {
  CRITICAL: 'error',
  ERROR: 'error',
  WARNING: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
};

const OWN_SECTION = 'chatelaine';
const OWN_OPTION = 'unseal_key_file';

/** What stands in a section that Mandos passes over. */
const readOwnSection = (file: string, text: Uint8Array): string | undefined => {
  const section = readSections(text).sections.find(({ name }) => name === OWN_SECTION);
  let keyFile: string | undefined;
  for (const [option, { value, line }] of section?.options ?? []) {
    const problem = (message: string): Failure =>
      new Failure('configuration', `${describeProblem(file, { line, section: OWN_SECTION, option, message })}.`);
    if (option !== OWN_OPTION) throw problem(`is not an option; known here: ${OWN_OPTION}`);
    if (value !== 'none' && !value.startsWith('/')) throw problem('must be an absolute path, or "none"');
    keyFile = value;
  }
  return keyFile;
};

const wrong = (text: string): Failure => new Failure('configuration', text);

const portOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!(port <= 65_535)) throw wrong(`The port ${text} is larger than 65535.`);
  return port;
};

const levelOf = (text: string | undefined, isDebugging: boolean): LogLevel => {
  const level = isDebugging ? 'debug' : levels[text?.toUpperCase() ?? 'WARNING'];
  if (level === undefined) throw wrong(`The debuglevel must be one of ${Object.keys(levels).join(', ')}.`);
  return level;
};

/** An address that can be listened at: a name would depend on a resolver, which may be on the network. */
const addressOf = (text: string | undefined, usesIpv6: boolean): string | undefined => {
  if (text === undefined) return undefined;
  if (!isIPv4(text) && !isIPv6(text)) throw wrong(`The address ${JSON.stringify(text)} is neither IPv4 nor IPv6.`);
  if (!usesIpv6 && isIPv6(text)) throw wrong(`The address ${text} is one of IPv6, which is not to be used.`);
  return text;
};

/**
 * Puts them together.
 *
 * @param text of mandos.conf; empty if there is none
 * @throws {Failure} that says everything that is wrong with mandos.conf, or the first thing that is wrong otherwise
 */
export const readServerOptions = (line: CommandLine, text: Uint8Array): ServerOptions => {
  const file = join(line.configdir, 'mandos.conf');
  const { options, problems } = readServerSettings(text);
  if (problems.length > 0) {
    throw new Failure('configuration', problems.map((problem) => describeProblem(file, problem)).join('\n'));
  }
  const setting = (name: string): string | undefined =>
    (line.settings.get(name) ?? options.get(name)?.value) || undefined;
  const isOn = (name: string, otherwise: boolean): boolean => readBoolean(setting(name) ?? '') ?? otherwise;
  const announces = isOn('zeroconf', true);
  if (!announces && setting('port') === undefined && setting('socket') === undefined) {
    throw new Failure('usage', 'Nobody could find the server: without Zeroconf it needs a port.', 'See --help.');
  }
  if (setting('socket') !== undefined) {
    throw wrong('A socket that somebody else opened cannot be taken over: remove "socket" and name a port.');
  }
  const isDebugging = isOn('debug', false);
  const usesIpv6 = isOn('use_ipv6', true);
  return {
    configDirectory: resolve(line.configdir),
    stateDirectory: resolve(setting('statedir') ?? '/var/lib/mandos'),
    interface: setting('interface'),
    address: addressOf(setting('address'), usesIpv6),
    port: portOf(setting('port')),
    usesIpv6,
    priority: setting('priority'),
    serviceName: setting('servicename'),
    announces,
    usesDbus: isOn('use_dbus', true),
    restores: isOn('restore', true),
    staysInForeground: isDebugging || isOn('foreground', false),
    isDebugging,
    logLevel: levelOf(setting('debuglevel'), isDebugging),
    unsealKeyFile: readOwnSection(file, text),
  };
};

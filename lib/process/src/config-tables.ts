// The options that more than one program must agree on: who runs as what, and where things lie. Every option has a default.

import { isAbsolute } from 'node:path';
import { roles } from '@chatelaine/contract';
import * as z from 'zod';
import { logLevels } from './log-levels.ts';

/** An absolute path: a process's working directory must not decide where keys lie. */
export const absolutePath = z
  .string()
  .refine((value) => isAbsolute(value) && !value.includes('\0'), 'must be an absolute path');

/** A name of an account or group, as useradd(8) takes it. */
const accountName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be an account or group name: small letters, digits, - and _');

/** A name of a module or front. */
const partName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a name: small letters, digits and -');

const partNames = z
  .array(partName)
  .max(64)
  .refine((names) => new Set(names).size === names.length, 'must name each only once')
  .readonly();

/** Development keeps everything under one uid, and marks its store for good. */
const purposes = ['production', 'development'] as const;
export type Purpose = (typeof purposes)[number];

/** `[log]`, the same for every process. */
const logTable = z.strictObject({
  level: z.enum(logLevels).default('info'),
  target: z.enum(['stderr', 'syslog']).default('stderr'),
  /** Where the log daemon takes what goes to syslog. */
  socket: absolutePath.default('/dev/log'),
});

/** The options that every process has, outside its own table. */
export const baseConfig = z.object({
  purpose: z.enum(purposes).default('production'),
  /** The one group that the accounts share; it may connect to the keep's socket. */
  group: accountName.default('chatelaine'),
  log: logTable,
});

/** A serial line between the keep and one of its peers, which is set up alike at both ends. */
const serialLine = z.strictObject({
  /** Such as /dev/ttyS0. The account of the process has to be able to open it. */
  device: absolutePath,
  /** Bits a second. */
  speed: z
    .literal([9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600], 'must be 9600, doubled up to 921600')
    .default(115_200),
  /** "rts-cts", or "none" for a cable without these wires. */
  flow: z.enum(['rts-cts', 'none']).default('rts-cts'),
});

/** A peer that has a line of its own does not use the keep's socket. */
const ownLine = { serial_line: serialLine.optional() };

/** `[keep]` */
export const keepTable = z.strictObject({
  account: accountName.default('chatelaine-keep'),
  /** Holds store.db and the keys of the link's peers in link/. */
  directory: absolutePath.default('/var/lib/chatelaine/keep'),
  /** A file outside the store that shows when an older copy was put back. */
  anchor: absolutePath.default('/var/lib/chatelaine/anchor/anchor'),
  socket: absolutePath.default('/run/chatelaine/keep/keep.sock'),
  pid_file: absolutePath.default('/run/chatelaine/keep/keep.pid'),
  /** Peers on other machines, each over a line of its own. */
  serial_lines: z.array(serialLine).max(8).readonly().default([]),
  /** Only what is named is loaded. */
  modules: partNames.default(['machines']),
  /** Opens the vault at start; without it a person does. */
  unseal_key_file: absolutePath.optional(),
});

/** `[gate]`, without the fronts' own tables: extend it by them, `gateTable.extend({ mandos: mandosTable })`. */
export const gateTable = z.strictObject({
  account: accountName.default('chatelaine-gate'),
  /** Holds link.key. */
  directory: absolutePath.default('/var/lib/chatelaine/gate'),
  pid_file: absolutePath.default('/run/chatelaine/gate/gate.pid'),
  ...ownLine,
  /** How long requests that are under way may still take after a stop was asked for. Seconds. */
  drain_seconds: z.int().min(0).max(3600).default(30),
  /** Only what is named is loaded. */
  fronts: partNames.default(['mandos']),
});

/** Where the line protocol is joined: `[gate.k2]`, which the front checks, and the command that joins it reads. */
export const k2Socket = absolutePath.default('/run/chatelaine/gate/k2.sock');

/** `[bus]` */
export const busTable = z.strictObject({
  account: accountName.default('chatelaine-bus'),
  /** Holds link.key. */
  directory: absolutePath.default('/var/lib/chatelaine/bus'),
  pid_file: absolutePath.default('/run/chatelaine/bus/bus.pid'),
  /** The message bus that Mandos's tools use. */
  address: z.string().default('unix:path=/run/dbus/system_bus_socket'),
  /** The group whose members may change something over it, besides root. */
  administrators: accountName.default('_mandos'),
});

/** `[watch]` */
export const watchTable = z.strictObject({
  account: accountName.default('chatelaine-watch'),
  /** Holds link.key. */
  directory: absolutePath.default('/var/lib/chatelaine/watch'),
  pid_file: absolutePath.default('/run/chatelaine/watch/watch.pid'),
  ...ownLine,
  /** Checkers run as this account, in this group, which must not be the one that may connect to the keep's socket. */
  check_account: accountName.default('chatelaine-check'),
  check_group: accountName.default('chatelaine-check'),
  /** Checkers that run at once; one that takes long gives its place to another. */
  max_checkers: z.int().min(1).max(4096).default(64),
});

/** What a notice can be about. */
const noticeKinds = [
  'waiting',
  'silent',
  'expired',
  'refused',
  'released',
  'password-set',
  'password-deleted',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

const kinds = z.array(z.enum(noticeKinds)).min(1).readonly().default(['waiting', 'silent', 'expired', 'refused']);

/** `[courier]` */
export const courierTable = z.strictObject({
  account: accountName.default('chatelaine-courier'),
  /** Holds link.key, and in spool/ what is not delivered yet. */
  directory: absolutePath.default('/var/lib/chatelaine/courier'),
  pid_file: absolutePath.default('/run/chatelaine/courier/courier.pid'),
  ...ownLine,
  /** How long a notice is tried. */
  give_up_hours: z.int().min(1).max(720).default(24),
  /** Programs that are started with each notice on their standard input. */
  hooks: z
    .array(
      z.strictObject({
        command: z
          .tuple(
            [absolutePath],
            z.string().refine((word) => !word.includes('\0'), 'must not contain a NUL'),
          )
          .readonly(),
        kinds,
      }),
    )
    .max(64)
    .readonly()
    .default([]),
  /** Addresses that get each notice by POST. */
  webhooks: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }),
        kinds,
        /** Signs each notice, so that its receiver knows where it comes from. */
        secret_file: absolutePath.optional(),
      }),
    )
    .max(64)
    .readonly()
    .default([]),
});

/** `[admin]` */
export const adminTable = z.strictObject({
  /** The local administrator's key of the link. */
  link_key: absolutePath.default('/etc/chatelaine/admin.key'),
});

/** Tables of the keep's modules. */
const moduleTables = ['ldap'] as const;

/** The tables that somebody owns, the keep or a peer of it by its role; each checks its own and passes over the others'. */
export const tableNames: readonly string[] = ['keep', ...moduleTables, ...roles];

// A machine as Mandos's tools know it: the interface se.recompile.Mandos.Client. DBUS-API of Mandos.

import { type InputOf, machines, type Operation } from '@chatelaine/contract';
import type * as z from 'zod';
import type { Interface, Method, Property } from '../objects/interface-definition.ts';
import { ObjectError } from '../objects/object-error.ts';
import { type Variant, variant, type WireValue } from '../wire/value.ts';
import type { MirroredMachine } from './machine-mirror.ts';

type MachineView = machines.MachineView;

/** An operation on one machine. */
export type NamedOperation = Operation<z.ZodType<{ readonly name: string }>>;

/** Asks the keep for a change, and shows what it made of the machine. Throws `ObjectError` if it refuses. */
export type AskChange = <O extends NamedOperation>(operation: O, input: InputOf<O>) => Promise<void>;

/** What the interface is about: a machine, and who is asked to change it. */
export interface MandosClient {
  readonly machine: MirroredMachine;
  readonly ask: AskChange;
}

export const CLIENT_INTERFACE = 'se.recompile.Mandos.Client';

/** Text as the bus takes it. */
export const wireText = (text: string): string => text.replaceAll('\0', '');

/** UTC with six digits after the point, without which mandos-monitor cannot read it; empty if there is none. */
const moment = (unixMs: number | undefined): string =>
  unixMs === undefined ? '' : new Date(unixMs).toISOString().replace('Z', '000');

const integers = ['y', 'n', 'q', 'i', 'u', 'x', 't'];

const wrongType = (expected: string): never => {
  throw new ObjectError('InvalidArgs', `The value must be ${expected}.`);
};

/** Any integer type will do: programs choose one by the size of the number. */
const durationOf = ({ signature, value }: Variant): number => {
  const milliseconds = Number(value);
  const isDuration = integers.includes(signature) && Number.isSafeInteger(milliseconds) && milliseconds >= 0;
  return isDuration ? milliseconds : wrongType('a whole number of milliseconds from 0 to 2^53 - 1');
};

const booleanOf = ({ value }: Variant): boolean => (typeof value === 'boolean' ? value : wrongType('a boolean'));

const textOf = ({ signature, value }: Variant): string =>
  signature === 's' && typeof value === 'string' ? value : wrongType('a string');

const bytesOf = ({ value }: Variant): Uint8Array => (value instanceof Uint8Array ? value : wrongType('bytes, "ay"'));

const shown = (signature: string, read: (view: MachineView) => WireValue): Property<MandosClient> => ({
  signature,
  tells: 'value',
  read: ({ machine }) => read(machine.view),
});

const fixed = (signature: string, read: (machine: MirroredMachine) => WireValue): Property<MandosClient> => ({
  signature,
  tells: 'constant',
  read: ({ machine }) => read(machine),
});

const written = (
  property: Property<MandosClient>,
  write: (client: MandosClient, value: Variant) => Promise<void>,
): Property<MandosClient> => ({ ...property, write });

type DurationName = 'approvalDelayMs' | 'approvalDurationMs' | 'extendedTimeoutMs' | 'intervalMs' | 'timeoutMs';

const duration = (name: DurationName): Property<MandosClient> =>
  written(
    shown('t', ({ settings }) => settings[name]),
    ({ machine, ask }, value) =>
      ask(machines.set, { name: machine.name, settings: { [name]: durationOf(value) }, clear: [] }),
  );

const enable = ({ machine, ask }: MandosClient, isEnabled: boolean): Promise<void> =>
  ask(isEnabled ? machines.enable : machines.disable, { name: machine.name });

const check = ({ machine, ask }: MandosClient, run: boolean): Promise<void> =>
  ask(machines.check, { name: machine.name, run });

const vouch = ({ machine, ask }: MandosClient): Promise<void> => ask(machines.vouch, { name: machine.name });

const action = (act: (client: MandosClient) => Promise<void>, isDeprecated: boolean): Method<MandosClient> => ({
  takes: [],
  gives: [],
  changes: true,
  isDeprecated,
  answer: async (client) => {
    await act(client);
    return [];
  },
});

const isEnabled = ({ state }: MachineView): boolean => state === 'enabled';

export const clientInterface: Interface<MandosClient> = {
  name: CLIENT_INTERFACE,
  methods: {
    Approve: {
      takes: [['value', 'b']],
      gives: [],
      changes: true,
      answer: async ({ machine, ask }, [approve]) => {
        await ask(machines.approve, { name: machine.name, approve: approve === true });
        return [];
      },
    },
    CheckedOK: action(vouch, false),
    Enable: action((client) => enable(client, true), true),
    Disable: action((client) => enable(client, false), true),
    StartChecker: action((client) => check(client, true), true),
    StopChecker: action((client) => check(client, false), true),
  },
  signals: {
    CheckerCompleted: {
      carries: [
        ['exitcode', 'n'],
        ['waitstatus', 'x'],
        ['command', 's'],
      ],
    },
    CheckerStarted: { carries: [['command', 's']] },
    GotSecret: { carries: [] },
    NeedApproval: {
      carries: [
        ['timeout', 't'],
        ['default', 'b'],
      ],
    },
    PropertyChanged: {
      carries: [
        ['property', 's'],
        ['value', 'v'],
      ],
      isDeprecated: true,
    },
    Rejected: { carries: [['reason', 's']] },
  },
  properties: {
    ApprovalDelay: duration('approvalDelayMs'),
    ApprovalDuration: duration('approvalDurationMs'),
    ApprovalPending: shown('b', ({ pendingRequests }) => pendingRequests > 0),
    ApprovedByDefault: written(
      shown('b', ({ settings }) => settings.approvedByDefault),
      ({ machine, ask }, value) =>
        ask(machines.set, { name: machine.name, settings: { approvedByDefault: booleanOf(value) }, clear: [] }),
    ),
    Checker: written(
      shown('s', ({ settings }) => wireText(settings.checker)),
      ({ machine, ask }, value) => ask(machines.setChecker, { name: machine.name, checker: textOf(value) }),
    ),
    CheckerRunning: written(
      shown('b', ({ checkerRunning }) => checkerRunning),
      async (client, value) => check(client, booleanOf(value)),
    ),
    Created: fixed('s', ({ view }) => moment(view.createdAtUnixMs)),
    Enabled: written(shown('b', isEnabled), async (client, value) => enable(client, booleanOf(value))),
    Expires: shown('s', (view) => moment(isEnabled(view) ? view.expiresAtUnixMs : undefined)),
    ExtendedTimeout: duration('extendedTimeoutMs'),
    Fingerprint: fixed('s', ({ view }) => (view.fingerprint ?? '').toUpperCase()),
    Host: written(
      shown('s', ({ settings }) => wireText(settings.host)),
      ({ machine, ask }, value) =>
        ask(machines.set, { name: machine.name, settings: { host: textOf(value) }, clear: [] }),
    ),
    Interval: duration('intervalMs'),
    KeyID: fixed('s', ({ view }) => (view.keyId ?? '').toUpperCase()),
    LastApprovalRequest: shown('s', ({ lastApprovalRequestAtUnixMs }) => moment(lastApprovalRequestAtUnixMs)),
    // Whatever is written, it says that the machine is alive now.
    LastCheckedOK: written(
      shown('s', ({ lastCheckedOkAtUnixMs }) => moment(lastCheckedOkAtUnixMs)),
      async (client, value) => {
        textOf(value);
        await vouch(client);
      },
    ),
    LastCheckerStatus: shown('n', ({ lastCheckerStatus }) => lastCheckerStatus),
    LastEnabled: shown('s', ({ enabledAtUnixMs }) => moment(enabledAtUnixMs)),
    Name: fixed('s', ({ name }) => name),
    ObjectPath: { ...fixed('o', ({ path }) => path), isDeprecated: true },
    Secret: {
      signature: 'ay',
      tells: 'invalidation',
      // An OpenPGP message that only the machine can open: nothing of it need be wiped.
      write: ({ machine, ask }, value) => ask(machines.setSecret, { name: machine.name, secret: bytesOf(value) }),
    },
    Timeout: duration('timeoutMs'),
  },
};

/** What differs between two states of a machine: the properties with their new values, and those that only are new. */
export const changedProperties = (
  machine: MirroredMachine,
  before: MachineView,
): { readonly changed: readonly (readonly [string, Variant])[]; readonly invalidated: readonly string[] } => {
  const now = { machine, ask: async () => undefined };
  const then = { ...now, machine: { ...machine, view: before } };
  const changed = Object.entries(clientInterface.properties).flatMap(([name, { read, signature }]) => {
    const value = read?.(now);
    return value === undefined || value === read?.(then) ? [] : [[name, variant(signature, value)] as const];
  });
  return { changed, invalidated: before.secretSetAtUnixMs === machine.view.secretSetAtUnixMs ? [] : ['Secret'] };
};

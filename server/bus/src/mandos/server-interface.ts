// The server as Mandos's tools know it: the interface se.recompile.Mandos and the object manager, at `/`. DBUS-API of Mandos;
// D-Bus specification, "Standard Interfaces".

import { machines } from '@chatelaine/contract';
import { type Interface, readableProperties } from '../objects/interface-definition.ts';
import { ObjectError } from '../objects/object-error.ts';
import type { WireValue } from '../wire/value.ts';
import { type AskChange, CLIENT_INTERFACE, clientInterface } from './client-interface.ts';
import type { MachineMirror, MirroredMachine } from './machine-mirror.ts';

/** What the interface is about. */
export interface MandosServer {
  readonly mirror: MachineMirror;
  readonly ask: AskChange;
}

/** What every machine's object can be asked, in this order. */
export const clientInterfaceNames = [
  'org.freedesktop.DBus.Introspectable',
  'org.freedesktop.DBus.Properties',
  CLIENT_INTERFACE,
] as const;

const valuesOf = (machine: MirroredMachine): readonly WireValue[] =>
  readableProperties(clientInterface, { machine, ask: async () => undefined });

/** A machine with its interfaces and properties, `a{sa{sv}}`. */
export const interfacesOf = (machine: MirroredMachine): readonly WireValue[] =>
  clientInterfaceNames.map((name) => [name, name === CLIENT_INTERFACE ? valuesOf(machine) : []]);

export const objectManager: Interface<MandosServer> = {
  name: 'org.freedesktop.DBus.ObjectManager',
  methods: {
    GetManagedObjects: {
      takes: [],
      gives: [['objpath_interfaces_and_properties', 'a{oa{sa{sv}}}']],
      answer: async ({ mirror }) => [mirror.all().map((machine) => [machine.path, interfacesOf(machine)])],
    },
  },
  signals: {
    InterfacesAdded: {
      carries: [
        ['object_path', 'o'],
        ['interfaces_and_properties', 'a{sa{sv}}'],
      ],
    },
    InterfacesRemoved: {
      carries: [
        ['object_path', 'o'],
        ['interfaces', 'as'],
      ],
    },
  },
  properties: {},
};

export const serverInterface: Interface<MandosServer> = {
  name: 'se.recompile.Mandos',
  methods: {
    GetAllClients: {
      takes: [],
      gives: [['', 'ao']],
      isDeprecated: true,
      answer: async ({ mirror }) => [mirror.all().map(({ path }) => path)],
    },
    GetAllClientsWithProperties: {
      takes: [],
      gives: [['', 'a{oa{sv}}']],
      isDeprecated: true,
      answer: async ({ mirror }) => [mirror.all().map((machine) => [machine.path, valuesOf(machine)])],
    },
    RemoveClient: {
      takes: [['object_path', 'o']],
      gives: [],
      changes: true,
      answer: async ({ mirror, ask }, [path]) => {
        const machine = mirror.at(String(path));
        if (machine === undefined) throw new ObjectError('UnknownObject', 'There is no machine at that path.');
        await ask(machines.remove, { name: machine.name });
        return [];
      },
    },
  },
  signals: {
    ClientAdded: { carries: [['objpath', 'o']] },
    ClientNotFound: {
      carries: [
        ['key_id', 's'],
        ['address', 's'],
      ],
    },
    ClientRemoved: {
      carries: [
        ['objpath', 'o'],
        ['name', 's'],
      ],
      isDeprecated: true,
    },
  },
  properties: {},
};

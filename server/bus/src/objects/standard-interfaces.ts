// The interfaces that D-Bus itself defines and every object with something to say has. D-Bus specification, "Standard Interfaces"

import { readFileSync } from 'node:fs';
import { isVariant, variant, type WireValue } from '../wire/value.ts';
import type { Exported, ExportedObject } from './exported-object.ts';
import { type Interface, readableProperties } from './interface-definition.ts';
import { introspect } from './introspection.ts';
import { ObjectError } from './object-error.ts';

const machineId = (): string => {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    throw new ObjectError('Failed', 'This machine has no /etc/machine-id.');
  }
};

/** Answered for every path, known or not; listed nowhere. */
export const peer: Interface<null> = {
  name: 'org.freedesktop.DBus.Peer',
  methods: {
    Ping: { takes: [], gives: [], answer: async () => [] },
    GetMachineId: { takes: [], gives: [['machine_uuid', 's']], answer: async () => [machineId()] },
  },
  signals: {},
  properties: {},
};

export const introspectable: Interface<ExportedObject> = {
  name: 'org.freedesktop.DBus.Introspectable',
  methods: {
    Introspect: { takes: [], gives: [['xml_data', 's']], answer: async (object) => [introspect(object)] },
  },
  signals: {},
  properties: {},
};

const ownInterface = ({ interfaces }: ExportedObject, name: string): Exported => {
  const found = interfaces.find(({ definition }) => definition.name === name);
  if (found === undefined) throw new ObjectError('UnknownInterface', 'The object has no such interface.');
  return found;
};

const ownProperty = (object: ExportedObject, interfaceName: string, name: string) => {
  // An empty name stands for whichever interface has the property.
  const { definition, target } =
    interfaceName === ''
      ? (object.interfaces.find((candidate) => Object.hasOwn(candidate.definition.properties, name)) ??
        ownInterface(object, 'org.freedesktop.DBus.Properties'))
      : ownInterface(object, interfaceName);
  const property = Object.hasOwn(definition.properties, name) ? definition.properties[name] : undefined;
  if (property === undefined) throw new ObjectError('UnknownProperty', 'The object has no such property.');
  return { property, target };
};

const textsOf = (values: readonly WireValue[]): readonly [string, string] => [
  String(values[0]),
  String(values[1] ?? ''),
];

export const properties: Interface<ExportedObject> = {
  name: 'org.freedesktop.DBus.Properties',
  methods: {
    Get: {
      takes: [
        ['interface_name', 's'],
        ['property_name', 's'],
      ],
      gives: [['value', 'v']],
      answer: async (object, values) => {
        const { property, target } = ownProperty(object, ...textsOf(values));
        if (property.read === undefined) throw new ObjectError('AccessDenied', 'The property can only be written.');
        return [variant(property.signature, property.read(target))];
      },
    },
    GetAll: {
      takes: [['interface_name', 's']],
      gives: [['props', 'a{sv}']],
      answer: async (object, values) => {
        const [name] = textsOf(values);
        const asked = name === '' ? object.interfaces : [ownInterface(object, name)];
        return [asked.flatMap(({ definition, target }) => readableProperties(definition, target))];
      },
    },
    Set: {
      takes: [
        ['interface_name', 's'],
        ['property_name', 's'],
        ['value', 'v'],
      ],
      gives: [],
      changes: true,
      answer: async (object, values) => {
        const { property, target } = ownProperty(object, ...textsOf(values));
        if (property.write === undefined) throw new ObjectError('PropertyReadOnly', 'The property can only be read.');
        const value = values[2];
        if (!isVariant(value)) throw new ObjectError('InvalidArgs', 'The value is no variant.');
        await property.write(target, value);
        return [];
      },
    },
  },
  signals: {
    PropertiesChanged: {
      carries: [
        ['interface_name', 's'],
        ['changed_properties', 'a{sv}'],
        ['invalidated_properties', 'as'],
      ],
    },
  },
  properties: {},
};

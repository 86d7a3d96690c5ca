// What an object can be asked, in XML, for libraries that build on it. D-Bus specification, "Introspection Data Format"

import type { ExportedObject } from './exported-object.ts';
import type { Arguments, Interface } from './interface-definition.ts';

const DOCTYPE =
  '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n' +
  '"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const element = (name: string, attributes: Readonly<Record<string, string>>, inner: readonly string[]): string => {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${value.replaceAll(/[&<>"]/g, (character) => entities[character] ?? '')}"`)
    .join('');
  return inner.length === 0 ? `<${name}${written}/>` : `<${name}${written}>\n${inner.join('\n')}\n</${name}>`;
};

const annotation = (name: string, value: string): string =>
  element('annotation', { name: `org.freedesktop.DBus.${name}`, value }, []);

const deprecation = (isDeprecated: boolean | undefined): readonly string[] =>
  isDeprecated === true ? [annotation('Deprecated', 'true')] : [];

const argumentElements = (list: Arguments, direction?: 'in' | 'out'): readonly string[] =>
  list.map(([name, type]) =>
    element('arg', { ...(name !== '' && { name }), type, ...(direction !== undefined && { direction }) }, []),
  );

const changeSignals = { value: [], constant: ['const'], invalidation: ['invalidates'] } as const;

const interfaceElement = ({ name, methods, signals, properties }: Interface<never>): string =>
  element('interface', { name }, [
    ...Object.entries(methods).map(([method, { takes, gives, isDeprecated }]) =>
      element('method', { name: method }, [
        ...argumentElements(takes, 'in'),
        ...argumentElements(gives, 'out'),
        ...deprecation(isDeprecated),
      ]),
    ),
    ...Object.entries(signals).map(([signal, { carries, isDeprecated }]) =>
      element('signal', { name: signal }, [...argumentElements(carries), ...deprecation(isDeprecated)]),
    ),
    ...Object.entries(properties).map(([property, { signature, read, write, tells, isDeprecated }]) =>
      element(
        'property',
        {
          name: property,
          type: signature,
          access: `${read === undefined ? '' : 'read'}${write === undefined ? '' : 'write'}`,
        },
        [
          ...changeSignals[tells].map((value) => annotation('Property.EmitsChangedSignal', value)),
          ...deprecation(isDeprecated),
        ],
      ),
    ),
  ]);

/** The XML of an object. */
export const introspect = ({ interfaces, children }: ExportedObject): string =>
  `${DOCTYPE}${element('node', {}, [
    ...interfaces.map(({ definition }) => interfaceElement(definition)),
    ...Array.from(children(), (name) => element('node', { name }, [])),
  ])}\n`;

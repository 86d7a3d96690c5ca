// The tree of objects: the server at `/`, a node `/clients`, and below it one object for each machine.

import { type ExportedObject, exported, type FindObject } from '../objects/exported-object.ts';
import type { Interface } from '../objects/interface-definition.ts';
import { introspectable, properties } from '../objects/standard-interfaces.ts';
import { clientInterface } from './client-interface.ts';
import { type MandosServer, objectManager, serverInterface } from './server-interface.ts';

type Own = (object: ExportedObject) => ExportedObject['interfaces'];

/** An object that can be introspected, with interfaces that are about itself or about something else. */
const objectAt = (path: string, children: ExportedObject['children'], own: Own): ExportedObject => {
  const object: { -readonly [Key in keyof ExportedObject]: ExportedObject[Key] } = { path, children, interfaces: [] };
  object.interfaces = [exported(introspectable, object), ...own(object)];
  return object;
};

const lastSegment = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const about =
  (target: MandosServer, ...definitions: readonly Interface<MandosServer>[]): Own =>
  () =>
    definitions.map((definition) => exported(definition, target));

/** Finds objects in the mirror as it is at that moment. */
export const objectsOf = (server: MandosServer): FindObject => {
  const root = objectAt('/', () => ['clients'], about(server, objectManager, serverInterface));
  const clients = objectAt(
    '/clients',
    () => server.mirror.all().map(({ path }) => lastSegment(path)),
    () => [],
  );
  return (path) => {
    if (path === '/') return root;
    if (path === '/clients') return clients;
    const machine = server.mirror.at(path);
    if (machine === undefined) return undefined;
    const none = (): readonly string[] => [];
    return objectAt(path, none, (object) => [
      exported(properties, object),
      exported(clientInterface, { machine, ask: server.ask }),
    ]);
  };
};

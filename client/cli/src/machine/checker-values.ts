// The values of a machine that its checker may ask for, as `%(host)s`. mandos-clients.conf(5), "EXPANSION".

import { machines } from '@chatelaine/contract';

const known = new Set([
  ...[
    'approval_delay',
    'approval_duration',
    'created',
    'enabled',
    'expires',
    'key_id',
    'fingerprint',
    'host',
    'interval',
  ],
  ...['last_approval_request', 'last_checked_ok', 'last_enabled', 'name', 'timeout', 'dbus_object_path'],
]);

/** What a checker asks for that no machine has, each once; such a checker cannot run. */
export const unknownCheckerValues = (checker: string): readonly string[] => {
  if (machines.isBuiltInChecker(checker)) return [];
  const asked = [...checker.replaceAll('%%', '').matchAll(/%\(([^)]*)\)/g)].map(([, name = '']) => name);
  return [...new Set(asked)].filter((name) => !known.has(name));
};

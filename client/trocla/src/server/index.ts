// A server in place of a store.

import type { OptionDefaults } from '@chatelaine/passwords';
import { HttpPasswordServer } from './network-server.ts';
import type { PasswordServer } from './password-server.ts';
import { RemotePasswords } from './remote-passwords.ts';
import { serverSettings } from './server-settings.ts';

/** The passwords of the server that the options name, and what closes the way there. */
export const openServer = async (
  options: Readonly<Record<string, unknown>>,
  defaults: OptionDefaults,
): Promise<{ readonly passwords: RemotePasswords; readonly close: () => Promise<void> }> => {
  const settings = serverSettings(options);
  const server: PasswordServer =
    settings.kind === 'network'
      ? new HttpPasswordServer(settings)
      : await (await import('@chatelaine/trocla/local-keep')).LinkPasswordServer.open(settings);
  return { passwords: new RemotePasswords(server, defaults), close: () => server.close() };
};

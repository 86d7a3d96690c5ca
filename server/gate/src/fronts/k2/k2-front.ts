// The k2ksm line protocol on a UNIX socket, which `chatelaine k2` joins: under sshd, or in a shell. Everything that it is made of
// is loaded only when it starts.

import type { FrontDefinition } from '../front.ts';
import { k2Config } from './k2-config.ts';

export const k2Front: FrontDefinition<typeof k2Config> = {
  name: 'k2',
  configSchema: k2Config,
  start: async (services, config) => (await import('./start-k2-front.ts')).startK2Front(services, config),
};

// The HTTP API. Everything that it is made of is loaded only when it starts.

import type { FrontDefinition } from '../front.ts';
import { httpConfig } from './http-config.ts';

export const httpFront: FrontDefinition<typeof httpConfig> = {
  name: 'http',
  configSchema: httpConfig,
  prepare: async (directory, config) => (await import('./certificate.ts')).prepareCertificate(directory, config),
  start: async (services, config) => (await import('./start-http-front.ts')).startHttpFront(services, config),
};

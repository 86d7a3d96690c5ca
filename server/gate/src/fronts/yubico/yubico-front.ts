// Yubico's validation protocol, answered where the HTTP API is.

import type { PartFrontDefinition } from '../front.ts';

export const yubicoFront: PartFrontDefinition = {
  name: 'yubico',
  partOf: 'http',
  load: async () => (await import('./validation-part.ts')).validationPart,
};

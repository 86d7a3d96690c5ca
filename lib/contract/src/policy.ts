// Operations on the policy.

import * as z from 'zod';
import { defineOperation } from './operation.ts';

export const test = defineOperation({
  name: 'policy.test',
  summary: 'Explains whether a principal may use a capability on a path. Changes nothing.',
  kind: 'read',
  roles: ['admin'],
  capability: 'policy.read',
  input: z.strictObject({
    principal: z
      .string()
      .regex(/^(admin|gate|watch|bus|courier):.+$/, 'must be ROLE:IDENTITY, such as gate:gate')
      .describe('`role:identity`, such as `gate:gate`'),
    capability: z.string().min(1).max(100),
    path: z.string().max(1_024),
  }),
  output: z.strictObject({ allowed: z.boolean(), because: z.string() }),
  refusals: [],
});

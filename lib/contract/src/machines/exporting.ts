// The way out: what it takes to move a machine to another server.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';
import { machineNameSchema } from './identity.ts';

export const exportSecret = defineOperation({
  name: 'machines.export-secret',
  summary: 'Hands out the secret of a machine as it is kept, so that another server can serve it.',
  description:
    'What leaves is an OpenPGP message that only the machine can open. It is a release all the same: from then on whoever ' +
    'has both has the password, whatever is decided here. Refused for a machine with named approvers, or that needs a one-time code.',
  kind: 'release',
  roles: ['admin'],
  capability: 'machines.export',
  path: ({ name }) => name,
  input: z.strictObject({ name: machineNameSchema }),
  output: z.strictObject({ secret: bytes({ max: 262_144 }) }),
  refusals: ['not-found', 'needs-signatures', 'needs-code', 'damaged', 'disk-full'],
});

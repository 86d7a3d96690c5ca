// People: their groups, and the ways in which they prove who they are.

import { defineModule } from '../../kernel/module.ts';
import { changeUsers } from './change-users.ts';
import { checkProof, person, standing } from './check-proof.ts';

export const usersModule = defineModule({
  name: 'users',
  requires: [],
  start: (services) => ({
    operations: changeUsers,
    services: { authenticate: checkProof(services), standing, person },
  }),
});

// The clients that may be given a disk password.

import { defineModule } from '../../kernel/module.ts';
import { changeMachine } from './change-machine.ts';
import { enrollMachines } from './enroll-machines.ts';
import { fetchSecret } from './fetch-secret.ts';
import { showMachines } from './show-machines.ts';

export const machinesModule = defineModule({
  name: 'machines',
  requires: [],
  start: (services) => ({
    operations: [fetchSecret(services), enrollMachines, ...changeMachine, ...showMachines(services)],
  }),
});

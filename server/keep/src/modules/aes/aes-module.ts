// Keys and seeds of users, and which module may work with which.

import { defineModule } from '../../kernel/module.ts';
import { changeKeys } from './change-keys.ts';
import { handOverKey } from './hand-over-key.ts';

export const aesModule = defineModule({
  name: 'aes',
  requires: ['users'],
  start: (services) => ({ operations: changeKeys(services), services: handOverKey(services) }),
});

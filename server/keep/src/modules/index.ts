// Every module there is. The configuration says which are loaded.

import type { ModuleDefinition } from '../kernel/module.ts';
import { aesModule } from './aes/aes-module.ts';
import { hotpModule } from './hotp/hotp-module.ts';
import { ldapModule } from './ldap/ldap-module.ts';
import { machinesModule } from './machines/machines-module.ts';
import { passwordsModule } from './passwords/passwords-module.ts';
import { recoveryModule } from './recovery/recovery-module.ts';
import { sessionsModule } from './sessions/sessions-module.ts';
import { totpModule } from './totp/totp-module.ts';
import { usersModule } from './users/users-module.ts';
import { yubiotpModule } from './yubiotp/yubiotp-module.ts';

export const knownModules: readonly ModuleDefinition[] = [
  machinesModule,
  passwordsModule,
  usersModule,
  sessionsModule,
  aesModule,
  hotpModule,
  totpModule,
  yubiotpModule,
  recoveryModule,
  ldapModule,
];

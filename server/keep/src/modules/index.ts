// Every module there is. The configuration says which are loaded.

import type { ModuleDefinition } from '../kernel/module.ts';
import { machinesModule } from './machines/machines-module.ts';
import { passwordsModule } from './passwords/passwords-module.ts';
import { sessionsModule } from './sessions/sessions-module.ts';
import { usersModule } from './users/users-module.ts';

export const knownModules: readonly ModuleDefinition[] = [machinesModule, passwordsModule, usersModule, sessionsModule];

// Every module there is. The configuration says which are loaded.

import type { ModuleDefinition } from '../kernel/module.ts';
import { machinesModule } from './machines/machines-module.ts';

export const knownModules: readonly ModuleDefinition[] = [machinesModule];

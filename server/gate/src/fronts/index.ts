// Every front that can be named in `gate.fronts`: one line each.

import type { FrontDefinition } from './front.ts';
import { httpFront } from './http/http-front.ts';
import { mandosFront } from './mandos/mandos-front.ts';

export const knownFronts: readonly FrontDefinition[] = [mandosFront, httpFront];

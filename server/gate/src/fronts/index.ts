// Every front that can be named in `gate.fronts`: one line each.

import type { KnownFront } from './front.ts';
import { httpFront } from './http/http-front.ts';
import { k2Front } from './k2/k2-front.ts';
import { mandosFront } from './mandos/mandos-front.ts';
import { yubicoFront } from './yubico/yubico-front.ts';

export const knownFronts: readonly KnownFront[] = [mandosFront, httpFront, yubicoFront, k2Front];

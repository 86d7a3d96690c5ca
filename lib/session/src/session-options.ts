// What a session is made from, besides its token.

import type { FillRandom } from '@chatelaine/secret';
import type { Clock } from './clock.ts';
import type { PlaceOptions } from './session-place.ts';
import type { Surroundings } from './surroundings.ts';

/** Everything of the world that a session looks at; a test passes its own. */
export interface SessionOptions extends PlaceOptions {
  readonly surroundings?: Surroundings;
  readonly clock?: Clock;
  readonly fill?: FillRandom;
}

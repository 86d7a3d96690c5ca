// What happened, as one line of the monitor's log; what happens all the time and is seen elsewhere has none.

import { type machines, refusals } from '@chatelaine/contract';
import type { Colour } from '../terminal/colour.ts';
import { formatRoughSpan } from '../terminal/moment.ts';

/** A line and its colour. */
export interface EventLine {
  readonly text: string;
  readonly colour?: Colour;
}

const reasonOf = (code: string): string =>
  Object.hasOwn(refusals, code) ? refusals[code as keyof typeof refusals].text : code;

/** `undefined` if there is nothing to say. */
export const describeEvent = (event: machines.MachineEvent): EventLine | undefined => {
  switch (event.kind) {
    case 'added':
      return { text: `${event.machine.name} was enrolled.` };
    case 'removed':
      return { text: `${event.name} was removed.` };
    case 'released':
      return { text: `${event.name} at ${event.address} got its secret.`, colour: 'good' };
    case 'refused':
      return { text: `${event.name} at ${event.address} got nothing: ${reasonOf(event.code)}`, colour: 'bad' };
    case 'unknown-key':
      return { text: `An unknown key asked from ${event.address}: ${event.keyId}`, colour: 'quiet' };
    case 'waiting': {
      const end = event.releasedAtEnd ? 'gets its secret' : 'gets nothing';
      const text = `${event.name} at ${event.address} waits; in ${formatRoughSpan(event.delayMs)} it ${end}.`;
      return { text, colour: 'attention' };
    }
    case 'silent':
      return { text: `${event.name} fell silent.`, colour: 'attention' };
    case 'expired':
      return { text: `${event.name} was silent for too long and gets nothing any more.`, colour: 'bad' };
    default:
      return undefined;
  }
};

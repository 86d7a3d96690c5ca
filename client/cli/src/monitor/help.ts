// The keys of the monitor, as it explains them.

export const helpLines: readonly string[] = [
  'chatelaine monitor',
  '',
  'Moving      Up Down  PageUp PageDown (or Space)  Home End      also k j g G',
  '            Tab goes to the next machine that waits for a person',
  'Finding     /  type a part of a name, a host or a key id; Enter keeps it, Esc shows all again',
  '            f  only one state: waiting, expired, silent, disabled, legacy, enabled',
  '            s  sort by name, state, time left, last sign of life      r  the other way round',
  'Deciding    a  approve the request of the selected machine      d  deny it',
  '            Where named people have to sign, what is signed is shown first; where a code is needed, it is asked for.',
  'Changing    e  let it have its secret again      x  cut it off',
  '            c  look at it now                    v  vouch that it is alive',
  '            Everything but a look is asked about once more.',
  '',
  'States      enabled   its time runs            silent    its last check failed, its time still runs',
  '            waiting   a person has to decide   expired   it was silent for too long',
  '            disabled  by a person              legacy    it has no key that can be served',
  '',
  'q quits. Any key goes back.',
];

// The words for the states of a machine.

/** The words, the most pressing first. A machine has the first one that fits. */
export const machineStates = ['waiting', 'expired', 'silent', 'disabled', 'legacy', 'enabled'] as const;

/**
 * `waiting`: it asked, and a person has to decide; `expired`: silent for too long; `silent`: its last check failed, its time
 * still runs; `disabled`: by a person; `legacy`: it has no key that can be served; `enabled`: none of these.
 */
export type MachineState = (typeof machineStates)[number];

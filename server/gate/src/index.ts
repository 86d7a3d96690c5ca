// What a front is made of; the gate itself is a process, main.ts.

export type { Front, FrontDefinition, GateServices, Nonces } from './fronts/front.ts';

// Asks the keep for what a key stood for; what came of it is said in a word.

import { randomUUID } from 'node:crypto';
import { type Client, explainRefusal, machines, type Result } from '@chatelaine/contract';
import type { Command } from './view-state.ts';

const call = (client: Client, command: Command): Promise<Result<unknown>> => {
  const { name } = command;
  const options = { requestId: randomUUID() };
  switch (command.kind) {
    case 'enable':
      return client.call(machines.enable, { name }, options);
    case 'disable':
      return client.call(machines.disable, { name }, options);
    case 'vouch':
      return client.call(machines.vouch, { name }, options);
    case 'check':
      return client.call(machines.check, { name, run: true }, options);
    default:
      // Of a machine for which nobody is named: a decision about whatever it asks.
      return client.call(machines.approve, { name, approve: command.approve }, options);
  }
};

/** Carries out a command; what needs a signature is somebody else's work. */
export const carryOut = async (client: Client, command: Command): Promise<string> => {
  const answer = await call(client, command);
  return `${command.name}: ${answer.kind === 'ok' ? 'done.' : explainRefusal(answer).text}`;
};

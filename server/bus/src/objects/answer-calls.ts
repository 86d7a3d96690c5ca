// Takes the questions that arrive from the bus, finds who is to answer, and answers each once. What goes wrong in answering
// stays with that one question.

import type { Log } from '@chatelaine/process';
import { MessageTooLargeError, type ReceivedMessage } from '../wire/message.ts';
import { WireFormError } from '../wire/signature.ts';
import type { WireValue } from '../wire/value.ts';
import type { Exported, FindObject } from './exported-object.ts';
import { exported } from './exported-object.ts';
import { type Method, signatureOf } from './interface-definition.ts';
import { ObjectError } from './object-error.ts';
import { peer } from './standard-interfaces.ts';

/** Where answers go. */
export interface Answering {
  readonly reply: (question: ReceivedMessage, signature: string, values: readonly WireValue[]) => void;
  readonly replyError: (question: ReceivedMessage, errorName: string, words: string) => void;
}

export interface CallOptions {
  readonly find: FindObject;
  /** Throws `ObjectError` unless this peer of the bus may change something. */
  readonly authorize: (sender: string) => Promise<void>;
  readonly log: Log;
}

interface Found {
  readonly method: Method<never>;
  readonly target: never;
}

const everywhere = exported(peer, null);

/** Without an interface the first one that has the method is meant. */
const findMethod = (find: FindObject, { path = '', interface: name, member = '' }: ReceivedMessage): Found => {
  const object = find(path);
  const has = ({ definition }: Exported): boolean =>
    (name === undefined || definition.name === name) && Object.hasOwn(definition.methods, member);
  const found = [...(object?.interfaces ?? []), everywhere].find(has);
  const method = found?.definition.methods[member];
  if (found !== undefined && method !== undefined) return { method, target: found.target };
  if (object === undefined) throw new ObjectError('UnknownObject', 'There is no such object.');
  throw new ObjectError('UnknownMethod', 'The object has no such method.');
};

const readValues = (question: ReceivedMessage, expected: string): readonly WireValue[] => {
  if (question.signature !== expected) {
    throw new ObjectError('InvalidArgs', `The arguments must be of the types "${expected}".`);
  }
  try {
    return question.readBody();
  } catch (error) {
    if (error instanceof WireFormError) throw new ObjectError('InvalidArgs', 'The arguments are not in form.');
    throw error;
  }
};

/** What goes wrong with a call, as its answer. */
const asObjectError = (error: unknown): ObjectError | undefined => {
  if (error instanceof ObjectError) return error;
  if (!(error instanceof MessageTooLargeError)) return undefined;
  return new ObjectError('LimitsExceeded', 'The answer is larger than a message on the bus may be.');
};

/** Makes the handler for a connection's `call`. */
export const answerCalls =
  (answering: Answering, { find, authorize, log }: CallOptions) =>
  async (question: ReceivedMessage): Promise<void> => {
    try {
      const { method, target } = findMethod(find, question);
      const values = readValues(question, signatureOf(method.takes));
      if (method.changes === true) await authorize(question.sender ?? '');
      answering.reply(question, signatureOf(method.gives), await method.answer(target, values));
    } catch (error) {
      const facts = { path: question.path, member: question.member, sender: question.sender };
      const refusal = asObjectError(error);
      if (refusal !== undefined) log.debug({ ...facts, error: refusal.kind }, 'a call was refused');
      else log.error({ ...facts, err: error }, 'a call could not be answered');
      const { errorName, message } = refusal ?? new ObjectError('Failed', 'It could not be answered; see the log.');
      answering.replyError(question, errorName, message);
    }
  };

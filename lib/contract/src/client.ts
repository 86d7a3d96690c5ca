// The typed client: everybody asks through it, whatever carries the question. It checks what comes back against the
// declaration, so that a caller can trust its types.

import { checkInput, checkOutput, type InputOf, type Operation, type OutputOf } from './operation.ts';
import type { Refused, Result } from './refusals.ts';

/** How a question is carried; the link is one carrier, a test may be another. */
export interface Transport {
  call(operation: string, input: unknown, options: CallOptions): Promise<Result<unknown>>;
  stream(operation: string, input: unknown, options: CallOptions): Promise<Refused | AsyncIterable<unknown>>;
}

export interface CallOptions {
  /** A change asked again with the same id is made once and gives the same answer (kept for two minutes). */
  readonly requestId?: string;
  /** Milliseconds after which the caller gets `deadline`; the other side is told to stop. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** What the caller proves itself with, when a gate asks for somebody else. Needed until the answer is there; the caller wipes it. */
  readonly credential?: Uint8Array;
  /** Where that somebody asks from: an address, only asserted. */
  readonly source?: string;
}

/** Asks operations. Byte arrays in an answer belong to the caller, who wipes them if they are secret. */
export interface Client {
  call<O extends Operation>(operation: O, input: InputOf<O>, options?: CallOptions): Promise<Result<OutputOf<O>>>;
  stream<O extends Operation>(
    operation: O,
    input: InputOf<O>,
    options?: CallOptions,
  ): Promise<Refused | AsyncIterable<OutputOf<O>>>;
}

async function* checked<O extends Operation>(operation: O, items: AsyncIterable<unknown>): AsyncGenerator<OutputOf<O>> {
  for await (const item of items) yield checkOutput(operation, item);
}

/** Makes a client. Wrong input is refused here already, before it is sent. */
export const createClient = (transport: Transport): Client => ({
  async call(operation, input, options = {}) {
    const checkedInput = checkInput(operation, input);
    if (checkedInput.kind === 'refused') return checkedInput;
    const result = await transport.call(operation.name, checkedInput.value, options);
    return result.kind === 'refused' ? result : { kind: 'ok', value: checkOutput(operation, result.value) };
  },
  async stream(operation, input, options = {}) {
    const checkedInput = checkInput(operation, input);
    if (checkedInput.kind === 'refused') return checkedInput;
    const items = await transport.stream(operation.name, checkedInput.value, options);
    return Symbol.asyncIterator in items ? checked(operation, items) : items;
  },
});

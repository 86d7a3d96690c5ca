// The operations, the refusals, and the one encoding of both.

export { allOperations } from './all-operations.ts';
export { type CallOptions, type Client, createClient, type Transport } from './client.ts';
export * from './features.ts';
export {
  countAttachments,
  decodeMessage,
  encodeMessage,
  encodeWhole,
  MessageFormError,
  type PreparedMessage,
  prepareMessage,
} from './message.ts';
export {
  bytes,
  checkInput,
  checkOutput,
  commonRefusals,
  defineOperation,
  type InputOf,
  type Operation,
  type OperationKind,
  OutputFormError,
  type OutputOf,
  type Role,
  roles,
} from './operation.ts';
export {
  explainRefusal,
  isRefusalCode,
  type Ok,
  ok,
  type RefusalCode,
  type Refused,
  type Result,
  refusals,
  refuse,
} from './refusals.ts';

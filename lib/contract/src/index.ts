// The operations, the refusals, and the one encoding of both.

export * as audit from './audit.ts';
export { type CallOptions, type Client, createClient, type Transport } from './client.ts';
export * as keyslots from './keyslots.ts';
export * as machines from './machines.ts';
export { decodeMessage, encodeMessage, encodeWhole, MessageFormError } from './message.ts';
export {
  bytes,
  checkInput,
  checkOutput,
  commonRefusals,
  defineOperation,
  type InputOf,
  type Operation,
  type OperationKind,
  type OutputOf,
  OutputFormError,
  type Role,
  roles,
} from './operation.ts';
export * as policy from './policy.ts';
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
export * as system from './system.ts';

// The operations, the refusals, and the one encoding of both.

export { allCapabilities, allOperations, widerCapabilities } from './all-operations.ts';
export { type CallOptions, type Client, createClient, type Transport } from './client.ts';
export * from './features.ts';
export {
  API_PREFIX,
  type HttpField,
  type HttpForm,
  httpFormOf,
  type PublicOperation,
  publicOperations,
  takesIdempotencyKey,
} from './http-form.ts';
export { httpStatusOf } from './http-status.ts';
export { bytesReader, wipeBytes, withBase64 } from './json-bytes.ts';
export type { JsonSchema } from './json-schema.ts';
export {
  countAttachments,
  decodeMessage,
  encodeMessage,
  encodeWhole,
  MessageFormError,
  type PreparedMessage,
  prepareMessage,
} from './message.ts';
export { openApiDocument } from './openapi.ts';
export {
  bytes,
  type CapabilityParts,
  capabilityFor,
  checkInput,
  checkOutput,
  commonRefusals,
  defineOperation,
  type HttpRoute,
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

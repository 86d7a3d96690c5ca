// The verdict on a request of Yubico's validation protocol. The checks stand in the order of Yubico's own server; the first one that
// fails is the status, and nothing is spent unless all hold. The counters are written in the transaction that the verdict commits
// with: of any number of requests with one code one is told OK. Validation Protocol Version 2.0, developers.yubico.com/yubikey-val.

import { type RefusalCode, yubiotp } from '@chatelaine/contract';
import { type BoundOperation, type ModuleServices, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { asserted, type Condition, type Decision, decideRelease, proved } from '../../kernel/release/decision.ts';
import { type ClientRecord, readClient } from './client-record.ts';
import { isLater, type Token } from './open-token.ts';
import { readToken } from './read-token.ts';
import { readValidationRequest, type ValidationRequest } from './validation-request.ts';
import { isSignatureOf, signPairs } from './validation-signature.ts';
import { mayCount, putYubikey, readYubikey, spend, subjectOf, type YubikeyRecord } from './yubikey-record.ts';

const NOBODYS_SECRET = new Uint8Array(0);
/** Of requests that bring none, bytes; written as twice as many hexadecimal digits. */
const NONCE_BYTES = 16;

/** All that a verdict rests on. What an earlier check ruled out was not looked for. */
interface Subject {
  readonly request: ValidationRequest;
  /** If there is one, and it is active. */
  readonly client?: ClientRecord | undefined;
  readonly isSignatureRight: boolean;
  readonly record?: YubikeyRecord | undefined;
  readonly token?: Token | undefined;
  /** Whether its key counts. */
  readonly counts: boolean;
}

interface Check extends Condition<Subject> {
  readonly status: yubiotp.ValidationStatus;
  readonly isMet: (subject: Subject) => boolean;
}

/** On record a status is the refusal that says the same. */
const codes = {
  BAD_OTP: 'wrong-code',
  BAD_SIGNATURE: 'bad-proof',
  MISSING_PARAMETER: 'invalid-input',
  NO_SUCH_CLIENT: 'not-found',
  REPLAYED_OTP: 'replayed',
  REPLAYED_REQUEST: 'replayed',
} as const satisfies Partial<Record<yubiotp.ValidationStatus, RefusalCode>>;

const check = (name: string, status: keyof typeof codes, isMet: (subject: Subject) => boolean): Check => ({
  name,
  status,
  isMet,
  evaluate: (subject) =>
    isMet(subject) ? { outcome: 'met', facts: [] } : { outcome: 'unmet', code: codes[status], facts: [] },
});

/** What can be said without looking anything up. */
const formChecks: readonly Check[] = [
  check('nonce', 'MISSING_PARAMETER', ({ request }) => request.version === '1' || request.hasNonce),
  check('sync-level', 'MISSING_PARAMETER', ({ request }) => request.isSyncLevelRight),
  check('timeout', 'MISSING_PARAMETER', ({ request }) => request.isTimeoutRight),
  check('otp', 'BAD_OTP', ({ request }) => request.otp !== undefined),
  check('client-id', 'MISSING_PARAMETER', ({ request }) => request.clientId !== undefined),
  check('nonce-form', 'MISSING_PARAMETER', ({ request }) => request.version === '1' || request.nonce !== undefined),
];

const isSameCode = ({ token, record }: Subject): boolean =>
  token !== undefined && token.counter === record?.counter && token.use === record.use;

const checks: readonly Check[] = [
  ...formChecks,
  check('client', 'NO_SUCH_CLIENT', ({ client }) => client !== undefined),
  check('signature', 'BAD_SIGNATURE', ({ isSignatureRight }) => isSignatureRight),
  check('code', 'BAD_OTP', ({ token }) => token !== undefined),
  check('key', 'BAD_OTP', ({ counts }) => counts),
  check('request-unused', 'REPLAYED_REQUEST', (subject) => {
    const { nonce } = subject.request;
    return !isSameCode(subject) || subject.request.version === '1' || nonce !== subject.record?.nonce;
  }),
  check('unused', 'REPLAYED_OTP', ({ token, record }) => {
    return token !== undefined && record !== undefined && isLater(token, record);
  }),
];
const statusOf = new Map(checks.map(({ name, status }) => [name, status]));

/** `2026-11-25T18:30:00Z0123`: UTC, then milliseconds. */
const timeText = (unixMs: number): string => {
  const iso = new Date(unixMs).toISOString();
  return `${iso.slice(0, 19)}Z0${iso.slice(20, 23)}`;
};

const echoes: ReadonlySet<yubiotp.ValidationStatus> = new Set(['OK', 'REPLAYED_OTP', 'REPLAYED_REQUEST']);

/** A status with what belongs to it, signed. Nothing is said again that did not pass its check. */
const sayStatus = (
  status: yubiotp.ValidationStatus,
  { request, client, token }: Subject,
  nowUnixMs: number,
): { readonly signature: string; readonly fields: yubiotp.ValidationPair[] } => {
  const { version, otp, nonce, wantsCounters } = request;
  const fields: yubiotp.ValidationPair[] = [{ name: 't', value: timeText(nowUnixMs) }];
  const say = (name: string, value: string | number): void => void fields.push({ name, value: String(value) });
  if (version === '2' && echoes.has(status) && otp !== undefined && nonce !== undefined) {
    say('otp', otp.letters);
    say('nonce', nonce);
  }
  if (status === 'OK' && token !== undefined) {
    // Of no other servers none agrees.
    if (version === '2') say('sl', 0);
    if (wantsCounters) {
      say('timestamp', token.timestamp);
      say('sessioncounter', token.counter);
      say('sessionuse', token.use);
    }
  }
  say('status', status);
  return { signature: signPairs(fields, client?.secret ?? NOBODYS_SECRET), fields };
};

/** Looks up what the checks need, as long as none of them fails. */
const findSubject = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  request: ValidationRequest,
  parameters: readonly yubiotp.ValidationPair[],
): Promise<Subject> => {
  const { clientId, signature, otp } = request;
  const known = clientId === undefined ? undefined : await readClient(tx, clientId);
  const client = known?.active === true ? known : undefined;
  const isSignatureRight =
    signature === undefined || (client !== undefined && isSignatureOf(signature, parameters, client.secret));
  const subject = { request, client, isSignatureRight, counts: false };
  const isFormRight = formChecks.every(({ isMet }) => isMet(subject));
  if (!isFormRight || client === undefined || !isSignatureRight || otp === undefined) return subject;
  const record = await readYubikey(tx, otp.publicId);
  const token = await readToken(services, tx, record, otp.block);
  return { ...subject, record, token, counts: record !== undefined && mayCount(record, services.epoch.number) };
};

const statusOfDecision = (decision: Decision): yubiotp.ValidationStatus =>
  decision.verdict === 'refuse' ? (statusOf.get(decision.condition) ?? 'BACKEND_ERROR') : 'OK';

export const validateRequest = (services: ModuleServices): BoundOperation =>
  release(yubiotp.validate, async ({ input, moment, afterCommit }, tx) => {
    const request = readValidationRequest(input.version, input.parameters);
    const subject = await findSubject(services, tx, request, input.parameters);
    const { record, token } = subject;
    const isSigned = request.signature !== undefined && subject.isSignatureRight;
    const known = [
      ...(input.source === undefined ? [] : [asserted('address', input.source.address)]),
      ...(request.clientId === undefined ? [] : [(isSigned ? proved : asserted)('client', request.clientId)]),
    ];
    const decision = decideRelease(checks, subject, moment, known);
    const status = statusOfDecision(decision);
    const say = (said: yubiotp.ValidationStatus) => sayStatus(said, subject, moment.nowUnixMs);
    const count = (said: yubiotp.ValidationStatus): void =>
      services.metrics.count('chatelaine_validations_total', 'Verdicts of the validation protocol.', { status: said });
    afterCommit(() => count(status));
    if (decision.verdict === 'refuse') return { decision, inOwnWords: () => say(status) };
    const { otp } = request;
    if (otp === undefined || record === undefined || token === undefined)
      throw new Error('OK rests on what is missing');
    const nonce = request.version === '2' ? request.nonce : services.random(NONCE_BYTES).toString('hex');
    putYubikey(tx, otp.publicId, spend(record, token, moment.nowUnixMs, nonce));
    const facts = [...decision.facts, proved('counter', token.counter), proved('use', token.use)];
    /** All checks held, and the store could not keep what was spent: nothing is. */
    const sayBackendError = () => {
      count('BACKEND_ERROR');
      return say('BACKEND_ERROR');
    };
    return {
      ...{ subject: subjectOf(record, otp.publicId), isRemembered: false, decision: { ...decision, facts } },
      ...{ output: say(status), inOwnWords: sayBackendError },
    };
  });

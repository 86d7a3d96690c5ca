// A machine becomes a principal of the HTTP API. It proves its key to the keep, by a signature over a nonce of the keep; the gate
// only carries it. Whether a token is good is decided at every request anew: the machine has to be enabled and alive then.

import { hash } from 'node:crypto';
import { type InputOf, machines, ok, type RefusalCode, type Result, refuse } from '@chatelaine/contract';
import { verifyStatement } from '@chatelaine/rawtls/signed-statement';
import { answer, type BoundOperation, type Credentials, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import type { Principal } from '../../kernel/principal.ts';
import { asserted, decideRelease, type Moment, proved } from '../../kernel/release/decision.ts';
import { UsedNonces } from '../../kernel/used-nonces.ts';
import { effectiveRule, readRules } from './effective-rule.ts';
import { isAlive } from './liveness.ts';
import { createLogin, readLogin, stretchOf } from './machine-login.ts';
import { type MachineRecord, readMachine, readState } from './machine-record.ts';
import type { KnownMachine, MachinesContext } from './machines-context.ts';
import { loginConditions } from './release-conditions.ts';

/** Read in place of a machine that is not there. */
const NOBODY = 'nobody';

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key. */
const ED25519_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The id of the key that speaks for the running machine. The TLS key lies in the boot image, which is not encrypted; a heartbeat
 * key does not, so where there is one, the TLS key is not enough.
 */
const loginKeyId = ({ keyId, settings: { heartbeatKey } }: MachineRecord): string | undefined => {
  if (heartbeatKey === undefined) return keyId;
  return hash('sha256', Buffer.concat([ED25519_HEAD, Buffer.from(heartbeatKey, 'base64')]), 'hex');
};

const findKnown = async (
  context: MachinesContext,
  tx: ModuleTransaction,
  name: string,
  { nowUnixMs }: Moment,
): Promise<KnownMachine | undefined> => {
  const machine = await readMachine(tx, name);
  if (machine === undefined) return undefined;
  return context.settle(name, machine, await readState(tx, name, machine), nowUnixMs);
};

const principalOf = async (tx: ModuleTransaction, { name, machine }: KnownMachine): Promise<Principal> => {
  const { type } = effectiveRule(await readRules(tx), name, machine.settings);
  return { role: 'machine', identity: name, ...(type !== undefined && { type }) };
};

const challenge = ({ services: { proofs, storeId } }: MachinesContext): BoundOperation =>
  answer(machines.challenge, async () => ok({ storeId, nonce: proofs.currentNonce() }));

const login = (context: MachinesContext): BoundOperation => {
  const { services, run } = context;
  const used = new UsedNonces();

  /** The key that the request proves, if it is the machine's and the request was not made before. */
  const checkProof = (
    input: InputOf<typeof machines.login>,
    machine: MachineRecord | undefined,
    request: object,
  ): Result<string> => {
    const { name, nonce, clientNonce } = input;
    if (services.proofs.ageOf(nonce) === undefined) return refuse('stale');
    const keyId = verifyStatement(input, machines.machineLoginStatement(services.storeId, input));
    if (keyId === undefined || machine === undefined || keyId !== loginKeyId(machine)) return refuse('bad-proof');
    const [theirs, own] = [nonce, clientNonce].map((bytes) => Buffer.from(bytes).toString('hex'));
    return used.use(`${theirs}/${own}/${name}`, services.clock.elapsedMs(), request) ? ok(keyId) : refuse('replayed');
  };
  const refuseStranger = (name: string, code: RefusalCode) => ({
    decision: { verdict: 'refuse', code, condition: 'identity', facts: [asserted('machine', name)] } as const,
  });

  return release(machines.login, async ({ input, moment, request, whenOver }, tx) => {
    const { name, lifeMs } = input;
    const known = await findKnown(context, tx, name, moment);
    const proof = checkProof(input, known?.machine, request);
    if (proof.kind === 'refused') return refuseStranger(name, proof.code);
    if (known === undefined) return refuseStranger(name, 'bad-proof');
    const keyId = proof.value;
    const facts = [proved('key-id', keyId), proved('life-ms', lifeMs)];
    const decision = decideRelease(loginConditions, known, moment, facts);
    // What is told of a machine's last decision is that about its secret.
    if (decision.verdict !== 'release') return { subject: name, decision, isRemembered: false };
    const expiresAtUnixMs = moment.nowUnixMs + lifeMs;
    const made = { name, keyId, expiresAtUnixMs, stretch: stretchOf(known.machine), epoch: run.epoch?.number ?? 0 };
    const token = await createLogin(tx, services.random, made, moment.nowUnixMs);
    whenOver(() => token.fill(0));
    return { subject: name, decision, isRemembered: false, output: { token, expiresAtUnixMs } };
  });
};

/** The operations. */
export const logIn = (context: MachinesContext): readonly BoundOperation[] => [challenge(context), login(context)];

/** Whose token it is. Whether it is unknown or over, or its machine disabled, silent or gone, the same is answered. */
export const machineCredentials = (context: MachinesContext): Credentials => ({
  prefix: machines.MACHINE_TOKEN_PREFIX,
  role: 'machine',
  authenticate: async (tx, token, moment) => {
    if (moment.clockBehindMs > 0) return refuse('clock-behind');
    const record = await readLogin(tx, token);
    const known = await findKnown(context, tx, record?.name ?? NOBODY, moment);
    if (record === undefined || known === undefined) return refuse('unauthenticated');
    const { machine, state } = known;
    const isGood =
      moment.nowUnixMs < record.expiresAtUnixMs &&
      record.epoch === (context.run.epoch?.number ?? 0) &&
      record.stretch === stretchOf(machine) &&
      record.keyId === loginKeyId(machine) &&
      machine.enabled &&
      isAlive(state);
    return isGood ? ok(await principalOf(tx, known)) : refuse('unauthenticated');
  },
  describe: async (tx, name, moment) => {
    const known = await findKnown(context, tx, name, moment);
    return known?.machine.enabled === true && isAlive(known.state) ? await principalOf(tx, known) : undefined;
  },
});

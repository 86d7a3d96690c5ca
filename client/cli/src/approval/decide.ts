// `chatelaine approve | deny NAME|REQUEST`: says yes or no to a machine that waits. Where people are named for it, they sign
// exactly the request that waits, after it was shown; elsewhere it is a decision for a time, as Mandos has it.

import { randomUUID } from 'node:crypto';
import { type Client, machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { chooseSigner, type SignerOptions } from './choose-signer.ts';
import { findRequest } from './find-request.ts';
import { signWithOpenSsh } from './sign-with-openssh.ts';

export interface DecideOptions extends SignerOptions {
  /** Do not ask whether what is shown shall be signed. */
  readonly yes?: boolean;
  readonly json?: boolean;
}

const showStatement = (text: Uint8Array, name: string): void => {
  say(`As ${name} you sign exactly this:`);
  say('');
  for (const line of new TextDecoder().decode(text).trimEnd().split('\n')) say(`  ${printable(line)}`);
  say('');
};

const sign = async (
  client: Client,
  storeId: string,
  request: machines.PendingRequest,
  approve: boolean,
  options: DecideOptions,
): Promise<void> => {
  const { requestId, name, keyId, address, askedAtUnixMs } = request;
  await using signer = await chooseSigner(client, options);
  if (!request.approvers.includes(signer.name)) {
    const who = request.approvers.join(', ');
    throw new Failure('refused', `${signer.name} may not decide about ${name}.`, `These may: ${who}.`);
  }
  const text = machines.approvalText(storeId, { requestId, name, keyId, address, askedAtUnixMs, approve });
  showStatement(text, signer.name);
  await confirm(`Sign it?`, options.yes === true);
  const signature = await signWithOpenSsh(text, signer.keyFile);
  const vote = { requestId, approver: signer.name, approve, signature };
  const answer = answerOf(await client.call(machines.vote, vote, { requestId: randomUUID() }), name);
  if (options.json === true) return await printJson({ ...answer, request: requestId, approver: signer.name });
  if (!approve) return say(`${name} is denied.`);
  const missing = answer.required - answer.approvedBy.length;
  say(missing > 0 ? `${signer.name} approved; ${name} needs ${missing} more.` : `${name} is approved.`);
};

const decideForATime = async (
  client: Client,
  name: string,
  approve: boolean,
  options: DecideOptions,
): Promise<void> => {
  const answer = answerOf(await client.call(machines.approve, { name, approve }, { requestId: randomUUID() }), name);
  if (options.json === true) return await printJson({ ...answer, machine: name });
  say(`${name} is ${approve ? 'approved' : 'denied'}, until ${formatMoment(answer.untilUnixMs)}.`);
  const shown = await client.call(machines.show, { name });
  if (shown.kind === 'ok' && shown.value.settings.approvalDelayMs === 0) {
    say('That changes nothing: its approval delay is 0s, so that nobody is asked about it.');
  }
};

/** Decides with a connection that is there. */
export const decideWith = async (
  client: Client,
  wanted: string,
  approve: boolean,
  options: DecideOptions,
): Promise<void> => {
  const { storeId, requests } = answerOf(await client.call(machines.pending, {}));
  const request = findRequest(requests, wanted);
  // A machine that does not wait can be decided about ahead, if nobody has to sign.
  if (request?.required === undefined) return await decideForATime(client, request?.name ?? wanted, approve, options);
  await sign(client, storeId, request, approve, options);
};

export const decideRequest = (
  wanted: string,
  approve: boolean,
  options: GlobalOptions & DecideOptions,
): Promise<void> => askKeep(options, (client) => decideWith(client, wanted, approve, options));

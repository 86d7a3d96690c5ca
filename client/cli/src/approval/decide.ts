// `chatelaine approve | deny NAME|REQUEST`: says yes or no to a machine that waits. Where people are named for it, they sign
// exactly the request that waits, after it was shown; elsewhere it is a decision for a time, as Mandos has it. Where a code is
// asked for, one of those who are named gives it.

import { randomUUID } from 'node:crypto';
import { type Client, machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { describeCodeRule } from '../machine/describe-approval.ts';
import { readCode } from '../otp/read-codes.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { readSecretFile, readStdin } from '../terminal/secret-input.ts';
import { chooseSigner, type SignerOptions } from './choose-signer.ts';
import { findRequest } from './find-request.ts';
import { signWithOpenSsh, unarmour } from './sign-with-openssh.ts';

export interface DecideOptions extends SignerOptions {
  /** Only print what is to be signed. */
  readonly print?: boolean;
  /** A file with a signature that was made elsewhere; `-` is stdin. */
  readonly signature?: string;
  /** Give a one-time code. */
  readonly code?: boolean;
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

/** A signature that was made on another machine. */
const signatureFrom = async (file: string): Promise<Uint8Array> => {
  const read = file === '-' ? readStdin('The signature') : readSecretFile(file);
  const signature = unarmour((await read).toString('latin1'));
  if (signature !== undefined) return signature;
  throw new Failure('input', `${file} is not a signature of ssh-keygen.`, 'It begins with BEGIN SSH SIGNATURE.');
};

/** Who signs, and the signature: one that is brought along, or one that is made now, after it was shown. */
const obtainSignature = async (
  client: Client,
  { name, approvers }: machines.PendingRequest,
  text: Uint8Array,
  options: DecideOptions,
): Promise<{ readonly approver: string; readonly signature: Uint8Array }> => {
  const { as, signature: file } = options;
  if (file !== undefined) {
    if (as === undefined) throw new Failure('usage', 'A signature does not say whose it is.', 'Say --as NAME.');
    return { approver: as, signature: await signatureFrom(file) };
  }
  await using signer = await chooseSigner(client, options);
  if (!approvers.includes(signer.name)) {
    const who = approvers.join(', ');
    throw new Failure('refused', `${signer.name} may not decide about ${name}.`, `These may: ${who}.`);
  }
  showStatement(text, signer.name);
  await confirm('Sign it?', options.yes === true);
  return { approver: signer.name, signature: await signWithOpenSsh(text, signer.keyFile) };
};

const sign = async (
  client: Client,
  storeId: string,
  request: machines.PendingRequest,
  approve: boolean,
  options: DecideOptions,
): Promise<void> => {
  const { requestId, name, keyId, address, askedAtUnixMs } = request;
  const text = machines.approvalText(storeId, { requestId, name, keyId, address, askedAtUnixMs, approve });
  if (options.print === true) return await print(new TextDecoder().decode(text));
  const { approver, signature } = await obtainSignature(client, request, text, options);
  const vote = { requestId, approver, approve, signature };
  const answer = answerOf(await client.call(machines.vote, vote, { requestId: randomUUID() }), name);
  if (options.json === true) return await printJson({ ...answer, request: requestId, approver });
  if (!approve) return say(`${name} is denied.`);
  const missing = answer.required - answer.approvedBy.length;
  say(missing > 0 ? `${approver} approved; ${name} needs ${missing} more.` : `${name} is approved.`);
};

const decideForATime = async (
  client: Client,
  { name, codeOf }: { readonly name: string; readonly codeOf?: machines.CodeRule | undefined },
  approve: boolean,
  options: DecideOptions,
): Promise<void> => {
  const answer = answerOf(await client.call(machines.approve, { name, approve }, { requestId: randomUUID() }), name);
  if (options.json === true) return await printJson({ ...answer, machine: name });
  say(`${name} is ${approve ? 'approved' : 'denied'}, until ${formatMoment(answer.untilUnixMs)}.`);
  if (codeOf !== undefined) {
    if (approve) say(`It needs a code of ${describeCodeRule(codeOf)} as well: chatelaine approve ${name} --code`);
    return;
  }
  const shown = await client.call(machines.show, { name });
  if (shown.kind === 'ok' && shown.value.settings.approvalDelayMs === 0) {
    say('That changes nothing: its approval delay is 0s, so that nobody is asked about it.');
  }
};

/** Whose code it is: who was said, else the only one who may. */
const giverOf = ({ users, groups }: machines.CodeRule, as: string | undefined): string => {
  const [only, ...others] = users;
  if (as !== undefined) return as.toLowerCase();
  if (only !== undefined && others.length === 0 && groups.length === 0) return only;
  throw new Failure('usage', 'A code does not say whose it is.', 'Say --as NAME.');
};

const giveCode = async (client: Client, request: machines.PendingRequest, options: DecideOptions): Promise<void> => {
  const { requestId, name, keyId, address, askedAtUnixMs, codeOf } = request;
  if (codeOf === undefined) throw new Failure('refused', `No one-time code is asked for ${name}.`);
  const user = giverOf(codeOf, options.as);
  if (process.stdin.isTTY) {
    say(printable(`${name} asks from ${address} since ${formatMoment(askedAtUnixMs)}, with the key ${keyId}.`));
    say(`A one-time code of ${user} lets it have its secret.`);
  }
  const input = { requestId, user, code: await readCode() };
  const answer = answerOf(await client.call(machines.giveCode, input, { requestId: randomUUID() }), user);
  if (options.json === true) return await printJson({ ...answer, request: requestId, user });
  say(`The code of ${user} counts for ${name}, this once.`);
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
  if (options.code === true && approve) {
    if (request === undefined)
      throw new Failure('refused', `No request of ${wanted} waits.`, 'See: chatelaine pending');
    return await giveCode(client, request, options);
  }
  if (options.print === true && request?.required === undefined) {
    throw new Failure('refused', `No request of ${wanted} waits for a signature.`, 'See: chatelaine pending');
  }
  // A machine that does not wait can be decided about ahead, if nobody has to sign.
  if (request?.required === undefined)
    return await decideForATime(client, request ?? { name: wanted }, approve, options);
  await sign(client, storeId, request, approve, options);
};

export const decideRequest = (
  wanted: string,
  approve: boolean,
  options: GlobalOptions & DecideOptions,
): Promise<void> => askKeep(options, (client) => decideWith(client, wanted, approve, options));

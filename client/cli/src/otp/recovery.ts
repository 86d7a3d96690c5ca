// `chatelaine otp recovery`: a few codes on paper for the day on which a user's devices are lost.

import { recovery } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';

type Options = GlobalOptions & { readonly json?: boolean; readonly yes?: boolean };

/** Whether what was typed is as long as a recovery code, dashes left out; no other code is. */
export const isRecoveryCode = (typed: string): boolean =>
  typed.replaceAll(/[\s-]/g, '').length === recovery.CODE_LETTERS;

export const make = (user: string, options: Options): Promise<void> =>
  askKeep(options, async (client) => {
    const { left } = answerOf(await client.call(recovery.status, { user }), user);
    if (left > 0) await confirm(`${user} has ${left} codes left; make new ones in their place?`, options.yes === true);
    const { codes } = answerOf(await client.call(recovery.make, { user }), user);
    const texts = codes.map((code) => Buffer.from(code).toString('ascii'));
    for (const code of codes) code.fill(0);
    if (options.json === true) await printJson({ user, codes: texts });
    else await print(`${texts.join('\n')}\n`);
    say('Each counts once. They are not shown again; those of before count no more.');
  });

export const status = (user: string, options: Options): Promise<void> =>
  askKeep(options, async (client) => {
    const found = answerOf(await client.call(recovery.status, { user }), user);
    if (options.json === true) return await printJson({ user, ...found });
    const { state, left, createdAtUnixMs, lastUsedAtUnixMs } = found;
    if (state === 'none') return say('There are none.');
    const used = lastUsedAtUnixMs === undefined ? '' : `, the last one used ${formatMoment(lastUsedAtUnixMs)}`;
    await print(`${left} left, made ${formatMoment(createdAtUnixMs ?? 0)}${used}\n`);
    if (state === 'void')
      say('A backup was restored since, and nobody knows which were used: none counts. Make new ones.');
  });

export const remove = async (user: string, options: Options): Promise<void> => {
  await confirm(`Remove all recovery codes of ${user}?`, options.yes === true);
  await askKeep(options, async (client) => {
    answerOf(await client.call(recovery.remove, { user }), user);
    say('They are removed.');
  });
};

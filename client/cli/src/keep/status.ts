// `chatelaine status`: whether the keep is open, and what is wrong.

import { system } from '@chatelaine/contract';
import type { ExitName } from '../exit-codes.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment, formatSpan } from '../terminal/moment.ts';
import { print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { describeRotation } from './rotate.ts';

/** Ends with `unreachable` if the keep is sealed, so that a script needs no parser. */
export const showStatus = (options: GlobalOptions & { readonly json?: boolean }): Promise<ExitName> =>
  askKeep(options, async (client) => {
    const status = answerOf(await client.call(system.status, {}));
    if (options.json === true) {
      await printJson(status);
    } else {
      const lines: readonly (readonly [label: string, text: string | undefined])[] = [
        ['keep', status.sealed ? 'sealed' : 'open'],
        ['purpose', status.purpose],
        ['version', status.version],
        ['modules', status.sealed ? undefined : status.modules.join(', ')],
        ['store', `${status.storeId}, revision ${status.revision}`],
        ['root key', status.rootKeyId],
        [
          'restored',
          status.epoch === undefined || status.epoch.number === 0
            ? undefined
            : `${formatMoment(status.epoch.startedAtUnixMs)}, epoch ${status.epoch.number}`,
        ],
        ['rotation', status.rotation && describeRotation(status.rotation)],
        ['since', formatMoment(status.startedAtUnixMs)],
        [
          'clock',
          status.clockBehindMs === undefined ? undefined : `${formatSpan(status.clockBehindMs)} behind the latest seen`,
        ],
        ['problem', status.problem],
      ];
      for (const [label, text] of lines) if (text !== undefined) await print(`${label.padEnd(9)} ${printable(text)}\n`);
    }
    return status.sealed ? 'unreachable' : 'done';
  });

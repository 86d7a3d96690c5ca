// `chatelaine machine rule set | remove | list`: conditions and the type of a branch of the tree of machines.

import { randomUUID } from 'node:crypto';
import { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';
import { describeApproval, describeCodeRule } from './describe-approval.ts';
import { patchOf, type SettingsOptions } from './settings-options.ts';
import { formatTimeWindow } from './time-window.ts';

/** `/` stands for all machines, which the keep calls by the empty path. */
const pathOf = (typed: string): string => typed.replace(/\/+$/, '');
const shown = (path: string): string => (path === '' ? '/' : path);

type RuleOption = 'approvers' | 'require' | 'codeOf' | 'window' | 'type';
export type SetRuleOptions = GlobalOptions & Pick<SettingsOptions, RuleOption>;

export const setRule = (typed: string, options: SetRuleOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { approval, window, oneTimeCode, type } = (await patchOf(options)).settings;
    if ([approval, window, oneTimeCode, type].every((said) => said === undefined)) {
      throw new Failure(
        'usage',
        'A rule needs --approvers, --code-of, --window or --type.',
        'To do away with one: rule remove',
      );
    }
    const rule = {
      path: pathOf(typed),
      ...(approval !== undefined && { approval }),
      ...(window !== undefined && { window }),
      ...(oneTimeCode !== undefined && { oneTimeCode }),
      ...(type !== undefined && { type }),
    };
    const { replaced } = answerOf(await client.call(machines.setRule, rule, { requestId: randomUUID() }), typed);
    const where = rule.path === '' ? 'all machines' : `every machine below ${rule.path}`;
    say(`The rule holds for ${where}${replaced ? ', in place of the earlier one' : ''}.`);
    say('A nearer rule, or what a machine says itself, wins over it.');
  });

export const removeRule = (typed: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const path = pathOf(typed);
    answerOf(await client.call(machines.removeRule, { path }, { requestId: randomUUID() }), shown(path));
    say(`The rule of ${shown(path)} is removed.`);
  });

export const listRules = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const answer = answerOf(await client.call(machines.rules, {}));
    const rules = answer.rules.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    if (options.json === true) return await printJson(rules);
    if (rules.length === 0) return say('There are no rules.');
    const rows = rules.map(({ path, approval, window, oneTimeCode, type }) => [
      shown(path),
      approval === undefined ? '-' : describeApproval(approval),
      oneTimeCode === undefined ? '-' : describeCodeRule(oneTimeCode),
      window === undefined ? '-' : formatTimeWindow(window),
      type ?? '-',
    ]);
    const columns = [
      { title: 'BELOW' },
      { title: 'APPROVERS', isFlexible: true },
      { title: 'CODE OF', isFlexible: true },
      { title: 'HOURS', isFlexible: true },
      { title: 'TYPE' },
    ];
    await print(formatTable(columns, rows, terminalWidth()));
  });

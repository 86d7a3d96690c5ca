// `chatelaine session status`: what the session of this shell is, or why there is none.

import { isOldToken, isRefused, openOldToken, type ShellSession } from '@chatelaine/session';
import { isLoginVault, type ListedLogin, type LoginPlace, listLogins } from '../server/kept-login.ts';
import { formatMoment, formatSpan } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';
import { openOwnSession, tokenOfEnvironment } from './own-session.ts';

const OLD_VARIABLE = 'SAFE_TTY_TOKEN';

/** Nothing is kept under an old token any more; whoever has one is told what it was and how to go on. */
const tellAboutOldToken = async (): Promise<void> => {
  const token = tokenOfEnvironment() ?? process.env[OLD_VARIABLE] ?? '';
  if (!isOldToken(token)) return;
  const opened = await openOldToken(token, { isKnown: () => true });
  if (isRefused(opened))
    return say('note: the environment holds a token of the old form, of 152 characters, of another shell.');
  opened.shellKey.release();
  say(
    `note: the environment holds a token of the old form, of 152 characters, made here by the rule of ${opened.generation}.`,
  );
};

const placeText = (place: LoginPlace): string => (place === 'kernel keyring' ? 'the keyring of the kernel' : place);

const wholeSeconds = (ms: number): string => formatSpan(Math.floor(ms / 1_000) * 1_000);

const describe = (session: ShellSession, logins: readonly ListedLogin[]) => {
  const { facts, id, isInMemory } = session;
  const { idleMs, lifetimeMs } = session.timeLeft();
  const vaults = session.vaults().filter(({ name }) => !isLoginVault(name));
  return {
    id,
    shellPid: facts.anchor.pid,
    shellUid: facts.anchor.uid,
    isInMemory,
    createdAtUnixMs: facts.created.unixMs,
    idleLeftMs: idleMs,
    lifetimeLeftMs: lifetimeMs,
    current: vaults.find(({ isCurrent }) => isCurrent)?.name ?? null,
    vaults: vaults.map(({ name, loggedInAtUnixMs }) => ({ name, loggedInAtUnixMs })),
    logins,
  };
};

export const status = async (options: { readonly json?: boolean }): Promise<void> => {
  if (!tokenOfEnvironment()?.startsWith('sk2_')) await tellAboutOldToken();
  using session = openOwnSession();
  const shown = describe(session, await listLogins(session));
  if (options.json === true) return await printJson(shown);
  await print(
    [
      `session  ${shown.id}, of the shell with pid ${shown.shellPid}`,
      `begun    ${formatMoment(shown.createdAtUnixMs)}`,
      `ends     in ${wholeSeconds(shown.lifetimeLeftMs)}, unused in ${wholeSeconds(shown.idleLeftMs)}`,
      `keys     ${shown.isInMemory ? 'in memory' : 'on disk: this machine offers no directory in memory'}`,
      '',
    ].join('\n'),
  );
  for (const { server, keptIn } of shown.logins) await print(`login    ${server}, kept in ${placeText(keptIn)}\n`);
  if (shown.vaults.length === 0) return say('It is logged in to no vault.');
  const rows = shown.vaults.map(({ name, loggedInAtUnixMs }) => [
    name,
    name === shown.current ? 'current' : '',
    formatMoment(loggedInAtUnixMs),
  ]);
  await print(
    formatTable([{ title: 'VAULT', isFlexible: true }, { title: '' }, { title: 'LOGGED IN' }], rows, terminalWidth()),
  );
};

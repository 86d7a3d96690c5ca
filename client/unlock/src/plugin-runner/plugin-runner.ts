// The subcommand plugin-runner: programs that may know the password are run at once, and the first that succeeds gives it. What it is
// told, how it treats a plugin and how it ends are those of Mandos, so that plugins written for that run unchanged; whatever goes
// wrong, a person can still type the password. plugin-runner(8mandos)

import { chownSync, readFileSync, statSync } from 'node:fs';
import { dieBySignal, onEndSignals } from '../end-signals.ts';
import { exitCode } from '../exit-code.ts';
import { say } from '../words.ts';
import { writePassword } from '../write-password.ts';
import { askFallback } from './ask-fallback.ts';
import { findPlugins, type Plugin, type PluginAccount } from './find-plugins.ts';
import { racePlugins } from './race-plugins.ts';
import { startPlugin } from './run-plugin.ts';
import { DEFAULT_PLUGIN_DIR, NO_PROMPT, RUNNER_HELP, type RunnerSettings, readRunnerOrder } from './runner-settings.ts';

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
};

/**
 * Whom plugins run as; `undefined` if this process is not root and so cannot choose. It stays root itself: it ends whatever it has
 * started. The usual directory is given to them, since an initramfs is closed to everybody but root.
 */
const accountOf = ({ pluginDir, uid, gid }: RunnerSettings): PluginAccount | undefined => {
  if (process.geteuid?.() !== 0) return undefined;
  const owner = pluginDir === DEFAULT_PLUGIN_DIR ? statSync(pluginDir, { throwIfNoEntry: false }) : undefined;
  if (owner?.uid === 0 && owner.gid === 0) chownSync(pluginDir, uid, gid);
  return { uid, gid };
};

const environmentOf = ({ everyPlugin, byPlugin, helperDir }: RunnerSettings, plugin: string): NodeJS.ProcessEnv => {
  const set = [
    `MANDOSPLUGINHELPERDIR=${helperDir}`,
    ...everyPlugin.environment,
    ...(byPlugin.get(plugin)?.environment ?? []),
  ];
  const added = set.map((variable) => {
    const at = variable.indexOf('=');
    return [variable.slice(0, at), variable.slice(at + 1)] as const;
  });
  // Where this program keeps its compiled code is no plugin's business.
  const { NODE_COMPILE_CACHE: _, ...own } = process.env;
  return { ...own, ...Object.fromEntries(added) };
};

const optionsOf = ({ everyPlugin, byPlugin }: RunnerSettings, plugin: string): readonly string[] => [
  ...(byPlugin.get(plugin)?.options ?? []),
  ...everyPlugin.options,
];

/** What came of it: whether the password is out, or the exit code of what went wrong. */
type Outcome = 'printed' | 'none' | number;

const race = async (
  settings: RunnerSettings,
  plugins: readonly Plugin[],
  account: PluginAccount | undefined,
): Promise<Outcome> => {
  const tell = (text: string): void => {
    if (settings.debug) say(text);
  };
  const stop = new AbortController();
  const endSignals = onEndSignals(() => stop.abort());
  try {
    const running = plugins.map((plugin) => {
      tell(`starting ${plugin.file}`);
      const { name } = plugin;
      return startPlugin(plugin, {
        options: optionsOf(settings, name),
        environment: environmentOf(settings, name),
        account,
      });
    });
    const isWon = await racePlugins(running, stop.signal, {
      failed: (plugin, why) => say(`${plugin} ${why}`),
      won: (plugin, password) => {
        tell(`${plugin} has the password`);
        writePassword(password);
      },
    });
    if (endSignals.received !== undefined && !isWon) await dieBySignal(endSignals.received);
    return isWon ? 'printed' : 'none';
  } catch (error) {
    say((error as Error).message);
    return exitCode.io;
  } finally {
    endSignals.ignore();
  }
};

const run = async (settings: RunnerSettings): Promise<Outcome> => {
  for (const warning of settings.warnings) say(warning);
  const account = accountOf(settings);
  let found: readonly Plugin[];
  try {
    found = findPlugins(
      settings.pluginDir,
      account ?? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
    );
  } catch (error) {
    say(`the plugins in ${settings.pluginDir} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
    return exitCode.unavailable;
  }
  const plugins = found.filter(({ name }) => !settings.disabled.has(name));
  if (plugins.length === 0) {
    say(`there is no plugin in ${settings.pluginDir}`);
    return 'none';
  }
  return await race(settings, plugins, account);
};

/** The settings, or the exit code if there is nothing to run. */
const order = (words: readonly string[]): RunnerSettings | Outcome => {
  const given = readRunnerOrder(words, readIfThere);
  switch (given.kind) {
    case 'run':
      return given.settings;
    case 'wrong':
      say(given.text);
      return given.place === 'file' ? exitCode.configuration : exitCode.usage;
    default:
      // Not where a password is waited for.
      process.stderr.write(given.kind === 'help' ? RUNNER_HELP : 'chatelaine-unlock plugin-runner, as of Mandos 1.8\n');
      return 'printed';
  }
};

/** Runs it; gives the exit code. */
export const runPlugins = async (words: readonly string[]): Promise<number> => {
  let outcome: Outcome;
  try {
    const settings = order(words);
    outcome = typeof settings === 'object' ? await run(settings) : settings;
  } catch (error) {
    say((error as Error).message);
    outcome = exitCode.system;
  }
  if (outcome === 'printed') return 0;
  if (outcome === exitCode.io) return outcome;
  if (words.includes(`--${NO_PROMPT}`)) return outcome === 'none' ? exitCode.failed : outcome;
  const asked = await askFallback();
  return asked === 0 && typeof outcome === 'number' ? outcome : asked;
};

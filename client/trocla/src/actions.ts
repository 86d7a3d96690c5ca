// The seven actions. Each gives what goes to stdout, and the exit code.

import { asHash, loadYaml } from '@chatelaine/passwords/trocla';
import type { CommandLine } from './command-line.ts';
import { ActionFailed } from './failed-action.ts';
import { knownFormats } from './known-formats.ts';
import { inspectHash } from './ruby-inspect.ts';
import { rubyPattern } from './ruby-pattern.ts';
import { Session, shown } from './session.ts';

/** What an action came to. `output` absent: nothing is printed, not even a line break. */
export interface Outcome {
  readonly output?: Uint8Array | string | undefined;
  readonly exitCode: number;
  /** Goes to stderr as it is. */
  readonly complaint?: string;
}

/** A call of an action. */
interface ActionCall {
  readonly line: CommandLine;
  /** For the key of a call without one, see `nullKey`. */
  readonly key: string;
  readonly format: string | undefined;
  readonly say: (message: string) => void;
}

type Action = (call: ActionCall) => Promise<Outcome>;

/** How Ruby's Marshal writes a key that is missing; Trocla's stores know it by this. */
const nullKey = '\x04\b0';

const yamlWord = ({ line }: ActionCall): Promise<unknown> => loadYaml(line.words[3] ?? '', { symbols: false });

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === false;

const yamlOptions = async (call: ActionCall): Promise<Record<string, unknown>> => {
  const value = await yamlWord(call);
  return isNothing(value) ? {} : asHash(value);
};

/** The original's `set` takes anything for options, and looks for none in what is no hash. */
const setOptions = async (call: ActionCall, manner: 'safe' | 'trocla'): Promise<Record<string, unknown>> => {
  if (manner === 'safe') return yamlOptions(call);
  const value = await yamlWord(call);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? asHash(value) : {};
};

const callOptions = async (call: ActionCall): Promise<Record<string, unknown>> => ({
  ...call.line.options,
  ...(await yamlOptions(call)),
});

/** An option that its documentation promises and nothing looks at would mislead. */
const checkIgnored = (format: string, options: Readonly<Record<string, unknown>>, { configuration }: Session): void => {
  if (configuration.manner === 'trocla' || format.toLowerCase() !== 'x509' || options['serial'] === undefined) return;
  throw new ActionFailed('serial: every certificate gets a random serial number, this option has no effect');
};

const withSession = async <Result>(call: ActionCall, act: (session: Session) => Promise<Result>): Promise<Result> => {
  const session = await Session.open(call.line.configFile, call.say);
  try {
    return await act(session);
  } finally {
    await session.close();
  }
};

const found = (output: Uint8Array | string | undefined): Outcome => ({
  output,
  exitCode: output === undefined ? 1 : 0,
});

const make =
  (what: 'create' | 'reset'): Action =>
  async (call) => {
    const { key, format = '' } = call;
    const options = await callOptions(call);
    return withSession(call, async (session) => {
      if (what === 'create') {
        const stored = await session.looking().peek(key, format, options);
        if (stored !== undefined) return found(await shown(stored, format, options));
      }
      session.checkHooks();
      checkIgnored(format, options, session);
      const passwords = await session.making();
      return found(await shown(await passwords[what](key, format, options), format, options));
    });
  };

const get: Action = async (call) => {
  const { key, format = '' } = call;
  const options = await callOptions(call);
  return withSession(call, async (session) =>
    found(await shown(await session.looking().get(key, format), format, options)),
  );
};

/** The bytes of what was typed or piped; `undefined` if the two answers differ. */
const givenPassword = async ({ line }: ActionCall): Promise<Buffer | undefined> => {
  if (line.password?.kind === 'given') return Buffer.from(line.password.text);
  const { askPassword, readAll } = await import('./ask-password.ts');
  if (line.password === undefined) {
    const answer = askPassword();
    return answer === undefined ? undefined : Buffer.from(answer);
  }
  const bytes = readAll();
  const [end = ''] = /(?:\r\n|\n|\r)?$/.exec(bytes.subarray(-2).toString('latin1')) ?? [];
  return bytes.subarray(0, bytes.length - end.length);
};

const set: Action = async (call) => {
  const { key, format = '', line } = call;
  const given = await givenPassword(call);
  if (given === undefined) return { exitCode: 1, complaint: 'Passwords did not match, exiting!' };
  try {
    return await withSession(call, async (session) => {
      const options = line.noFormat ? {} : await setOptions(call, session.configuration.manner);
      session.checkHooks();
      checkIgnored(format, options, session);
      const passwords = await session.making();
      const answer = await passwords.set(key, format, given, { options, asIs: line.noFormat });
      (await shown(answer, format, {}))?.fill(0);
      return { output: '', exitCode: 0 };
    });
  } finally {
    given.fill(0);
  }
};

const remove: Action = async (call) => {
  const { key, format } = call;
  return withSession(call, async (session) => {
    session.checkHooks();
    const passwords = session.looking();
    if (format !== undefined) return found(await shown(await passwords.removeFormat(key, format), format, {}));
    const { values, periodSeconds } = await passwords.removeKey(key);
    const pairs: [string, Uint8Array | number][] = [...values];
    if (periodSeconds !== undefined) pairs.splice(values.has('plain') ? 1 : 0, 0, ['_expires', periodSeconds]);
    return { output: inspectHash(pairs, session.configuration.encryption === 'none'), exitCode: 0 };
  });
};

const formats: Action = async (call) => {
  if (call.key === nullKey || call.key === '') {
    return { output: `Available formats: ${knownFormats.join(', ')}`, exitCode: 0 };
  }
  await yamlOptions(call);
  return withSession(call, async (session) => {
    const view = await session.looking().view(call.key);
    if (view === undefined) return found(undefined);
    const names = [...view.formats];
    if (view.periodSeconds !== undefined) names.splice(names.includes('plain') ? 1 : 0, 0, '_expires');
    return found(names.join(', '));
  });
};

const search: Action = async (call) => {
  return withSession(call, async (session) => {
    const pattern = rubyPattern(call.key === nullKey ? '' : call.key);
    const keys = await session.looking().search((key) => pattern.test(key));
    return found(keys.length === 0 ? undefined : keys.join('\n'));
  });
};

const actions: Readonly<Record<string, Action>> = {
  create: make('create'),
  get,
  set,
  reset: make('reset'),
  delete: remove,
  formats,
  search,
};

const withFormat = ['create', 'get', 'set', 'reset'];

/** Does what a command line says. Throws `ActionFailed` and whatever the stores and readers throw. */
export const runAction = async (line: CommandLine, say: (message: string) => void): Promise<Outcome> => {
  const [name, key = nullKey, format] = line.words;
  const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (name === undefined || action === undefined) {
    const names = Object.keys(actions).join(', ');
    return {
      exitCode: 1,
      complaint: `Please supply one of the following actions: ${names}\nUse trocla --help to get a list of options for these actions`,
    };
  }
  if (withFormat.includes(name)) {
    if (format === undefined) return { exitCode: 1, complaint: 'Missing format, exiting...' };
    if (!knownFormats.includes(format.toLowerCase())) {
      return { exitCode: 1, complaint: `Error: The format ${format} is not available` };
    }
  }
  if (key.includes('\0') && key !== nullKey) throw new ActionFailed('a key cannot contain a NUL byte');
  return action({ line, key, format, say });
};

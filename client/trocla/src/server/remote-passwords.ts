// The workflow as a server does it. Options that the configuration of Trocla sets are sent along; everything else is the server's.

import type { Refused, Result } from '@chatelaine/contract';
import {
  type CreateOptions,
  defaultOptions,
  mergeOptions,
  type OptionDefaults,
  type PasswordAnswer,
} from '@chatelaine/passwords';
import { ActionFailed } from '../failed-action.ts';
import type { Workflow } from '../session.ts';
import type { PasswordServer } from './password-server.ts';

const PAGE = 500;

const fail = ({ code, message }: Refused): never => {
  throw new ActionFailed((message ?? code).replace(/^CN: (?=You need)/, ''));
};

/** A value that the server keeps to itself, since it is shown once only, is none. */
const answerOf = (
  result: Result<{ readonly value?: Uint8Array | undefined; readonly isNew?: boolean }>,
): PasswordAnswer => {
  if (result.kind === 'refused') return result.code === 'not-found' ? { kind: 'none' } : fail(result);
  const { value, isNew = false } = result.value;
  return value === undefined ? { kind: 'none' } : { kind: 'value', value, isNew };
};

const must = <T>(result: Result<T>): T => (result.kind === 'refused' ? fail(result) : result.value);

export class RemotePasswords implements Workflow {
  readonly #server: PasswordServer;
  readonly #defaults: OptionDefaults;

  constructor(server: PasswordServer, defaults: OptionDefaults) {
    this.#server = server;
    this.#defaults = defaults;
  }

  /** The server looks itself before it makes anything. */
  peek(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async create(key: string, format: string, options: CreateOptions = {}): Promise<PasswordAnswer> {
    const answer = await this.#server.ask('create', { key, format, options: this.#merged(options) });
    return answer.kind === 'refused' ? fail(answer) : answerOf(answer);
  }

  async reset(key: string, format: string, options: CreateOptions = {}): Promise<PasswordAnswer> {
    const input = { key, format, options: this.#merged(options), derived: 'drop' } as const;
    const answer = await this.#server.ask('reset', input);
    return answer.kind === 'refused' ? fail(answer) : answerOf(answer);
  }

  async get(key: string, format: string): Promise<PasswordAnswer> {
    return answerOf(await this.#server.ask('get', { key, format }));
  }

  async set(
    key: string,
    format: string,
    value: Uint8Array,
    { options = {}, asIs = false }: { readonly options?: CreateOptions; readonly asIs?: boolean } = {},
  ): Promise<PasswordAnswer> {
    if (value.length === 0) throw new ActionFailed('The password is empty: nothing was stored');
    must(await this.#server.ask('set', { key, format, value, asIs, options }));
    return { kind: 'none' };
  }

  async view(key: string) {
    const result = await this.#server.ask('show', { key });
    if (result.kind === 'refused') return result.code === 'not-found' ? undefined : fail(result);
    const { formats, expiresAtUnixMs, periodSeconds } = result.value;
    return {
      formats,
      ...(expiresAtUnixMs !== undefined && { expiresAtUnixMs }),
      ...(periodSeconds !== undefined && { periodSeconds }),
    };
  }

  async removeFormat(key: string, format: string): Promise<PasswordAnswer> {
    return answerOf(await this.#server.ask('remove', { key, format }));
  }

  async removeKey(key: string) {
    const result = await this.#server.ask('removeKey', { key });
    if (result.kind === 'refused') return result.code === 'not-found' ? { values: new Map() } : fail(result);
    const { values, periodSeconds } = result.value;
    return {
      values: new Map(values.map(({ format, value }) => [format, value])),
      ...(periodSeconds !== undefined && { periodSeconds }),
    };
  }

  async search(matches: (key: string) => boolean): Promise<readonly string[]> {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const input = { glob: '**', limit: PAGE, ...(cursor !== undefined && { cursor }) };
      const page = must(await this.#server.ask('list', input));
      found.push(...page.keys.map(({ key }) => key).filter(matches));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found.sort();
  }

  /** Profiles that this configuration does not know may be the server's. */
  #merged(call: CreateOptions): CreateOptions {
    const { options, profiles } = this.#defaults;
    const merged = mergeOptions(call, { options: options === defaultOptions ? {} : options, profiles });
    if (merged.kind === 'unknown-profile') return call;
    const { profiles: _, render: __, ...sent } = merged.options;
    return sent;
  }
}

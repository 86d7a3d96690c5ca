// What the actions work with: the configuration, the store, the workflow, each made when it is first needed.

import type { PasswordFormat } from '@chatelaine/password-hash';
import { type PasswordAnswer, type PasswordStore, Passwords } from '@chatelaine/passwords';
import { type Configuration, openStore, readConfiguration } from '@chatelaine/passwords/trocla';
import { ActionFailed, failureOf } from './failed-action.ts';
import { renderedFormats } from './known-formats.ts';

/** What can be done with passwords, here or by a server. */
export type Workflow = Pick<
  Passwords,
  'peek' | 'create' | 'reset' | 'get' | 'view' | 'set' | 'removeFormat' | 'removeKey' | 'search'
>;

/** Where the passwords are. */
type Place =
  | { readonly kind: 'store'; readonly store: PasswordStore }
  | { readonly kind: 'server'; readonly passwords: Workflow; readonly close: () => Promise<void> };

const openPlace = async (configuration: Configuration, say: (message: string) => void): Promise<Place> => {
  const { store, storeOptions, options, profiles, manner } = configuration;
  if (store.toLowerCase() !== 'chatelaine') return { kind: 'store', store: await openStore(configuration, say) };
  if (manner === 'trocla') throw new ActionFailed('compat: trocla is for stores of Trocla, a server is always safe');
  const { openServer } = await import('./server/index.ts');
  return { kind: 'server', ...(await openServer(storeOptions, { options, profiles })) };
};

/** One call of the command. */
export class Session {
  readonly configuration: Configuration;
  readonly #place: Place;

  private constructor(configuration: Configuration, place: Place) {
    this.configuration = configuration;
    this.#place = place;
  }

  static async open(configFile: string | undefined, say: (message: string) => void): Promise<Session> {
    const configuration = await readConfiguration(configFile, process.env['HOME']);
    return new Session(configuration, await openPlace(configuration, say));
  }

  /** For what only looks or removes: without the formats, which take longer to load than a look. */
  looking(): Workflow {
    if (this.#place.kind === 'server') return this.#place.passwords;
    return this.#workflow(this.#place.store, new Map(), () => {
      throw new Error('a look needs no random bytes');
    });
  }

  /** For what makes values. */
  async making(): Promise<Workflow> {
    if (this.#place.kind === 'server') return this.#place.passwords;
    const { randomFillSync } = await import('node:crypto');
    return this.#workflow(this.#place.store, await loadFormats(), (target) => randomFillSync(target));
  }

  /** Trocla's hooks are Ruby code that runs inside of Trocla; without them a change would be incomplete, and nobody would know. */
  checkHooks(): void {
    if (!this.configuration.hasHooks) return;
    throw new ActionFailed(
      'hooks are configured, which are Ruby code that trocla of Chatelaine cannot run: nothing was changed. Remove `hooks` from the configuration, or use the original',
    );
  }

  async close(): Promise<void> {
    if (this.#place.kind === 'server') await this.#place.close();
    else this.#place.store.close();
  }

  #workflow(
    store: PasswordStore,
    formats: ReadonlyMap<string, PasswordFormat>,
    random: (target: Uint8Array) => void,
  ): Passwords {
    const { options, profiles, manner } = this.configuration;
    return new Passwords({
      store,
      formats,
      defaults: { options, profiles },
      nowUnixMs: Date.now,
      random,
      manner,
    });
  }
}

const loadFormats = async (): Promise<ReadonlyMap<string, PasswordFormat>> =>
  (await import('@chatelaine/password-hash')).formats;

const isOn = (flag: unknown): boolean => flag !== undefined && flag !== null && flag !== false;

/** The value of an answer as it is shown, or nothing. Throws `ActionFailed`. */
export const shown = async (
  answer: PasswordAnswer,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<Uint8Array | undefined> => {
  if (answer.kind === 'none') return undefined;
  if (answer.kind === 'refused') throw failureOf(answer, name);
  if (!renderedFormats.includes(name.toLowerCase())) return answer.value;
  const format = (await loadFormats()).get(name.toLowerCase());
  if (format === undefined) return answer.value;
  const flags = options['render'];
  const chosen =
    typeof flags === 'object' && flags !== null && !Array.isArray(flags)
      ? format.renderings.find((rendering) => isOn((flags as Record<string, unknown>)[rendering.name]))
      : undefined;
  const rendered = format.render(answer.value, chosen?.name);
  answer.value.fill(0);
  if (rendered.kind === 'refused') throw failureOf(rendered, name);
  return rendered.text;
};

// Credentials by time and by counter, as the keep lists them.

import { type Client, hotp, totp } from '@chatelaine/contract';
import { allPages } from './all-pages.ts';

/** One of them. */
export type ListedCredential = { readonly kind: 'totp' | 'hotp' } & Pick<
  totp.TotpView | hotp.HotpView,
  'user' | 'credential' | 'state' | 'createdAtUnixMs' | 'lastUsedAtUnixMs'
>;

/** All of one user or, without one, of everybody. */
export const listCredentials = async (client: Client, user: string | undefined): Promise<ListedCredential[]> => {
  const about = user === undefined ? {} : { user };
  const of = (kind: 'totp' | 'hotp') =>
    allPages<ListedCredential>(async (page) => {
      const input = { ...about, ...page };
      const listed = kind === 'totp' ? await client.call(totp.list, input) : await client.call(hotp.list, input);
      if (listed.kind === 'refused') return listed;
      const items = listed.value.credentials.map((one) => ({ kind, ...one }));
      return { kind: 'ok', value: { items, cursor: listed.value.cursor } };
    });
  return [...(await of('totp')), ...(await of('hotp'))];
};

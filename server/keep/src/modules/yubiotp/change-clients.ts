// Clients of the validation protocol as an administrator keeps them.

import { ok, type Result, refuse, yubiotp } from '@chatelaine/contract';
import { answer, type BoundOperation, type ModuleServices } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import {
  addClient,
  deleteClient,
  highestClient,
  listClients,
  putClient,
  readClient,
  viewOfClient,
} from './client-record.ts';

const setActive = async (
  tx: ModuleTransaction,
  id: number,
  active: boolean,
): Promise<Result<{ readonly changed: boolean }>> => {
  const record = await readClient(tx, id);
  if (record === undefined) return refuse('not-found');
  if (record.active !== active) putClient(tx, id, { ...record, active });
  return ok({ changed: record.active !== active });
};

export const changeClients = (services: ModuleServices): readonly BoundOperation[] => [
  answer(yubiotp.addClient, async ({ input: { email, notes }, moment, touch, whenOver }, tx) => {
    const id = (await highestClient(tx)) + 1;
    if (id > yubiotp.MAX_CLIENT_ID) return refuse('too-large', { message: 'there is no higher id' });
    const secret = services.random(yubiotp.CLIENT_SECRET_BYTES);
    whenOver(() => secret.fill(0));
    const { nowUnixMs: createdAtUnixMs } = moment;
    await addClient(tx, id, { format: 1, active: true, secret, createdAtUnixMs, email, notes, otp: '' });
    touch(`clients/${id}`);
    return ok({ id, secret });
  }),

  answer(yubiotp.listClients, async ({ input: { limit, cursor } }, tx) => {
    const page = await listClients(tx, cursor === undefined ? { limit } : { limit, cursor });
    const clients = page.found.map(({ id, record }) => viewOfClient(id, record));
    return ok(page.cursor === undefined ? { clients } : { clients, cursor: page.cursor });
  }),

  answer(yubiotp.removeClient, async ({ input: { id } }, tx) => {
    if ((await readClient(tx, id)) === undefined) return refuse('not-found');
    deleteClient(tx, id);
    return ok({});
  }),

  answer(yubiotp.enableClient, ({ input: { id } }, tx) => setActive(tx, id, true)),
  answer(yubiotp.disableClient, ({ input: { id } }, tx) => setActive(tx, id, false)),
];

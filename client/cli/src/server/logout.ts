// `chatelaine logout SERVER`: the token is good for nothing on the server, and forgotten here.

import { createClient, sessions } from '@chatelaine/contract';
import { failureOf } from '../refused-answer.ts';
import { say } from '../terminal/output.ts';
import { httpTransport } from './http-transport.ts';
import { findLogin, forgetLogin } from './kept-login.ts';
import { parseServerAddress } from './server-address.ts';

export const logout = async (address: string): Promise<void> => {
  const server = parseServerAddress(address);
  const { token, fingerprint } = await findLogin(server);
  // Forgotten here in any case: a server that cannot be reached must not keep the shell logged in.
  await forgetLogin(server);
  try {
    const answer = await createClient(httpTransport({ server, fingerprint, token })).call(sessions.logout, {});
    const isOver = answer.kind === 'ok' || answer.code === 'unauthenticated' || answer.code === 'not-found';
    if (!isOver) throw failureOf(answer);
  } finally {
    token.fill(0);
  }
  say(`Logged out at ${server.origin}.`);
};

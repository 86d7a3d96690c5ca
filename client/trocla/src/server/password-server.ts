// What the command asks of a server, whichever way leads there. Refusals come as values; a server that cannot be asked throws
// `ActionFailed`.

import type { InputOf, OutputOf, passwords, Result } from '@chatelaine/contract';

type Operations = Pick<typeof passwords, 'get' | 'create' | 'reset' | 'set' | 'remove' | 'removeKey' | 'show' | 'list'>;

export type Asked = keyof Operations;

export type AskedInput<Name extends Asked> = InputOf<Operations[Name]>;

export type AskedOutput<Name extends Asked> = OutputOf<Operations[Name]>;

export interface PasswordServer {
  ask<Name extends Asked>(name: Name, input: AskedInput<Name>): Promise<Result<AskedOutput<Name>>>;
  close(): Promise<void>;
}

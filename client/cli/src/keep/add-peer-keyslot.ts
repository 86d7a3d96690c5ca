// `chatelaine keyslot add --peer ADDRESS:PORT`: another server opens this one after a restart, as it gives machines their
// disk passwords. What is printed is to be enrolled there.

import { hostname } from 'node:os';
import { keyslots } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { print, printJson, say } from '../terminal/output.ts';

export interface AddPeerOptions extends GlobalOptions {
  readonly peer: string;
  readonly as?: string;
  readonly label?: string;
  readonly json?: boolean;
}

/** `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const placeOf = (text: string): { readonly address: string; readonly port: number } => {
  const [, address = '', port = ''] = /^\[?([^\]]+)\]?:([0-9]{1,5})$/.exec(text) ?? [];
  if (address === '') throw new Failure('usage', `--peer: ${text} is not ADDRESS:PORT.`);
  return { address, port: Number(port) };
};

const COLUMNS = 64;

const stanzaOf = (name: string, keyId: string, secret: Uint8Array): string => {
  const lines =
    Buffer.from(secret)
      .toString('base64')
      .match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? [];
  return [
    `[${name}]`,
    `host = ${name}`,
    `key_id = ${keyId}`,
    'secret =',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
};

export const addPeerKeyslot = (options: AddPeerOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const place = placeOf(options.peer);
    const name = options.as ?? hostname();
    const label = options.label ?? `peer ${options.peer}`;
    const { slot, keyId, secret } = answerOf(await client.call(keyslots.addPeer, { label, ...place }));
    const stanza = stanzaOf(name, keyId, secret);
    if (options.json === true) await printJson({ slot, keyId, stanza });
    else await print(stanza);
    say(`Key slot ${slot.id} is made. Enrol the machine above at ${options.peer}: chatelaine machine import FILE`);
    say(`From then on that server opens this one after a restart, while its rules for ${name} hold: see that it can`);
    say('tell whether this server is alive, and that somebody disables it there when this server is stolen.');
  });

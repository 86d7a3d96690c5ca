// A question to the helper as it goes through a pipe: what is asked as JSON, then the passwords as they are, each a frame of a
// length (u32, big-endian) and so many bytes; then an empty one.

import type { ServerQuestion } from './ask-server.ts';
import type { LdapSettings } from './ldap-settings.ts';

/** What is asked, with a number for the answer. */
export interface Asked {
  readonly id: number;
  readonly settings: LdapSettings;
  readonly question: ServerQuestion;
}

/** What stands in the first frame. */
interface Head extends Pick<Asked, 'id' | 'settings'> {
  readonly server: string;
  readonly name?: string;
}

/** The frames in one buffer, which the caller wipes once it is written. Passwords of a question are never empty. */
export const encodeQuestion = ({ id, settings, question }: Asked): Buffer => {
  const { server, name, password, bindPassword } = question;
  const head: Head = { id, settings, server, ...(name !== undefined && { name }) };
  const frames = [Buffer.from(JSON.stringify(head)), password, ...(bindPassword === undefined ? [] : [bindPassword])];
  const sizeBytes = frames.reduce((sum, { length }) => sum + 4 + length, 4);
  const whole = Buffer.allocUnsafeSlow(sizeBytes);
  let at = 0;
  for (const frame of [...frames, Buffer.alloc(0)]) {
    at = whole.writeUInt32BE(frame.length, at);
    whole.set(frame, at);
    at += frame.length;
  }
  return whole;
};

/** The question of these frames; its passwords are the frames themselves. Throws for what is no question. */
export const decodeQuestion = (frames: readonly Buffer[]): Asked => {
  const [first, password, bindPassword] = frames;
  if (first === undefined || password === undefined) throw new RangeError('no question');
  const { id, settings, ...question } = JSON.parse(first.toString()) as Head;
  return { id, settings, question: { ...question, password, ...(bindPassword !== undefined && { bindPassword }) } };
};

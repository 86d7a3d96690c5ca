// The commands that are operations of the keep, one line each. What a command needs besides its words is asked for with MORE,
// in the form that the HTTP API has for it.

import { aes, hotp, ok, type Result, refuse, totp, users, yubiotp } from '@chatelaine/contract';
import * as z from 'zod';
import { type Command, type CommandForm, defineCommand, type Fields, type Word } from './command-form.ts';

const LIMIT = 100;
const paged = { always: { limit: LIMIT } };

/** Text that is none stays text, which the schema refuses. */
const size: Word = ['sizeBytes', (word) => (/^\d{1,3}$/.test(word) ? Number(word) : word)];

/** Modules have capital letters here, and no others. */
const linkable: ReadonlyMap<string, string> = new Map(
  aes.linkableModules.map((module) => [module.toUpperCase(), module]),
);
const module: Word = ['module', (word) => linkable.get(word) ?? ''];

/** `*` stands for everybody. */
const ofWhom: Word = ['user', (word) => (word === '*' ? undefined : word)];

const namePart = z.string().trim().min(1).max(99);
const newUser = z.strictObject({ GivenName: namePart, Surname: namePart });

const readNewUser = (data: unknown): Result<Fields> => {
  const parsed = newUser.safeParse(data);
  if (parsed.success) return ok({ fullName: `${parsed.data.GivenName} ${parsed.data.Surname}` });
  return refuse('invalid-input', {
    field: 'the data',
    message: 'must be a JSON object with GivenName and Surname, 1 to 99 characters each, and nothing else',
  });
};

/** A code that is right is answered by OK alone. */
const checks = (code: string): CommandForm => ({ words: ['user', code], answerOf: () => undefined });

const newSeed = { secret: { kind: 'new', sizeBytes: 20 }, digits: 6, algorithm: 'sha1' };

/** What credentials by counter and by time have in common. */
const credentials = (kind: typeof hotp | typeof totp): readonly (readonly [string, Command])[] => [
  ['CONFIRM', defineCommand(kind.confirm, { words: ['user', 'credential'], rest: ['codes', 1] })],
  ['RESYNC', defineCommand(kind.resync, { words: ['user', 'credential'], rest: ['codes', 2] })],
  ['DELETE', defineCommand(kind.remove, { words: ['user', 'credential'] })],
  ['RESET', defineCommand(kind.allowTries, { words: ['user'] })],
  ['LIST', defineCommand(kind.list, { words: [ofWhom, 'cursor'], optional: 2, ...paged })],
];

const groups: Readonly<Record<string, readonly (readonly [string, Command])[]>> = {
  AUTH: [
    ['HOTP', defineCommand(hotp.verify, checks('code'))],
    ['TOTP', defineCommand(totp.verify, checks('code'))],
    ['YUBIOTP', defineCommand(yubiotp.verify, checks('otp'))],
  ],
  USER: [
    [
      'CREATE',
      defineCommand(users.add, {
        words: ['name'],
        always: { groups: [] },
        readData: readNewUser,
        answerOf: ({ name }: users.UserView) => ({ Username: name, UID: name }),
      }),
    ],
    ['DELETE', defineCommand(users.remove, { words: ['name'] })],
    ['ENABLE', defineCommand(users.enable, { words: ['name'] })],
    ['DISABLE', defineCommand(users.disable, { words: ['name'] })],
    ['SHOW', defineCommand(users.show, { words: ['name'] })],
    ['LIST', defineCommand(users.list, { words: ['cursor'], optional: 1, ...paged })],
  ],
  AES: [
    ['CREATE', defineCommand(aes.generate, { words: ['user', 'key', size] })],
    ['IMPORT', defineCommand(aes.bring, { words: ['user', 'key'], data: {} })],
    ['DELETE', defineCommand(aes.remove, { words: ['user', 'key'] })],
    ['LIST', defineCommand(aes.list, { words: ['user', 'cursor'], optional: 1, ...paged })],
  ],
  LINK: [
    ['CREATE', defineCommand(aes.link, { words: ['user', 'key', module] })],
    ['DELETE', defineCommand(aes.unlink, { words: ['user', 'key', module] })],
  ],
  HOTP: [
    [
      'ENROLL',
      defineCommand(hotp.enroll, { words: ['user', 'credential'], data: { ...newSeed, lookAhead: 10, counter: 0 } }),
    ],
    ...credentials(hotp),
  ],
  TOTP: [
    [
      'ENROLL',
      defineCommand(totp.enroll, { words: ['user', 'credential'], data: { ...newSeed, periodSeconds: 30, window: 1 } }),
    ],
    ...credentials(totp),
  ],
  YUBIOTP: [
    ['ENROLL', defineCommand(yubiotp.enroll, { words: ['user', 'publicId'], data: { secret: { kind: 'new' } } })],
    ['CONFIRM', defineCommand(yubiotp.confirm, { words: ['user', 'publicId', 'otp'] })],
    ['RESYNC', defineCommand(yubiotp.resync, { words: ['user', 'publicId', 'otp'] })],
    ['DELETE', defineCommand(yubiotp.remove, { words: ['user', 'publicId'] })],
    ['LIST', defineCommand(yubiotp.list, { words: [ofWhom, 'cursor'], optional: 2, ...paged })],
  ],
};

/** Every command of two words, by its words. */
export const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries(groups).flatMap(([group, members]) =>
    members.map(([word, command]) => [`${group} ${word}`, command] as const),
  ),
);

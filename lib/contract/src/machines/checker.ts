// How a machine is looked at: a shell command as Mandos has it, or a check that is built in because a mere answer on the
// network proves nothing. mandos-clients.conf(5), `checker`.

import * as z from 'zod';

/** A built-in check. */
export type BuiltInChecker =
  /** The SSH server at the machine's host proves that it holds this key. */
  | { readonly kind: 'ssh-host-key'; readonly keyType: string; readonly key: string; readonly port: number }
  /** A TLS server at the machine's host proves that it holds a key with this SHA-256 of its SubjectPublicKeyInfo. */
  | { readonly kind: 'tls-key'; readonly keySha256: string; readonly port: number }
  /** Nothing is started: the machine itself signs what the keep asks, see `machines.heartbeat`. */
  | { readonly kind: 'heartbeat' };

const forms = ['@ssh-host-key TYPE BASE64 [PORT]', '@tls-key SHA256HEX PORT', '@heartbeat'] as const;

/** What a built-in checker looks like, for help and errors. */
export const builtInCheckerForms: readonly string[] = forms;

const portOf = (text: string | undefined, otherwise: number): number | undefined => {
  if (text === undefined) return otherwise;
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
};

/** Reads a checker that begins with `@`; `undefined` if it is not of one of the forms. */
export const parseBuiltInChecker = (checker: string): BuiltInChecker | undefined => {
  const [name, ...words] = checker.trim().split(/\s+/);
  if (name === '@heartbeat') return words.length === 0 ? { kind: 'heartbeat' } : undefined;
  if (name === '@ssh-host-key') {
    const [keyType = '', key = '', portText] = words;
    const port = portOf(portText, 22);
    const isKey = /^[a-z0-9@.-]{1,64}$/.test(keyType) && /^[A-Za-z0-9+/]{16,4096}={0,2}$/.test(key);
    return isKey && port !== undefined && words.length <= 3 ? { kind: 'ssh-host-key', keyType, key, port } : undefined;
  }
  if (name === '@tls-key') {
    const [keySha256 = '', portText] = words;
    const port = portText === undefined ? undefined : portOf(portText, 0);
    const isKey = /^[0-9a-f]{64}$/.test(keySha256);
    return isKey && port !== undefined && words.length === 2 ? { kind: 'tls-key', keySha256, port } : undefined;
  }
  return undefined;
};

/** Whether a checker names a built-in check; a shell command never begins so. */
export const isBuiltInChecker = (checker: string): boolean => checker.trimStart().startsWith('@');

/** A shell command for `/bin/sh -c`, in which `%(name)s` stands for a value of the machine, or a built-in check. */
export const checkerSchema = z
  .string()
  .max(65_536)
  .refine((checker) => !checker.includes('\0'), 'must not contain a NUL character')
  .refine(
    (checker) => !isBuiltInChecker(checker) || parseBuiltInChecker(checker) !== undefined,
    `must be a shell command or one of: ${forms.join(', ')}`,
  );

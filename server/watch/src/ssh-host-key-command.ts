// `@ssh-host-key`: whether the SSH server at a host holds a key. OpenSSH does it: it is told one known host key and nothing
// else, and ends after the key exchange, since no way to log in is offered.
//
// Invariant: the check succeeds only after the server signed this connection's key exchange with that key. Knowing the key's
// public half is enough to pass the comparison, so the comparison alone counts for nothing; what counts is that the server
// accepts a service over the encrypted connection, which OpenSSH asks for only after it verified the signature (RFC 4253,
// sections 8 and 10). OpenSSH says so in a line of its own. What a server sends is shown by OpenSSH only behind words of its
// own and without line ends, so that no server can write such a line. ssh(1), ssh_config(5)

import { shellQuote } from './shell-quote.ts';

export interface SshHostKey {
  readonly keyType: string;
  /** In base64. */
  readonly key: string;
  readonly port: number;
}

/** Seconds for the whole check. */
const PATIENCE_S = 20;

/** Under which the key is known, whatever the host is called. */
const ALIAS = 'checked-by-chatelaine';

/** A key of type ssh-rsa signs with SHA-2 only (RFC 8332); the others sign as they are called. */
const algorithmsOf = (keyType: string): string => (keyType === 'ssh-rsa' ? 'rsa-sha2-512,rsa-sha2-256' : keyType);

/** Whether it is the name or address of a host, and nothing that ssh would take for an option, a user or a path. */
export const isHostName = (host: string): boolean =>
  /^[A-Za-z0-9_:][A-Za-z0-9_.:-]{0,252}(?:%[A-Za-z0-9_.-]{1,15})?$/.test(host);

/** The command for the shell. The host must be one ({@link isHostName}). */
export const sshHostKeyCommand = (host: string, { keyType, key, port }: SshHostKey): string => {
  const options = [
    'BatchMode=yes',
    'CheckHostIP=no',
    `ConnectTimeout=${PATIENCE_S}`,
    'ControlPath=none',
    'GlobalKnownHostsFile=/dev/null',
    `HostKeyAlgorithms=${algorithmsOf(keyType)}`,
    `HostKeyAlias=${ALIAS}`,
    'IdentityAgent=none',
    `KnownHostsCommand=/bin/echo ${ALIAS} ${keyType} ${key}`,
    'LogLevel=DEBUG1',
    'PreferredAuthentications=none',
    'PubkeyAuthentication=no',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'UserKnownHostsFile=/dev/null',
    'VerifyHostKeyDNS=no',
  ];
  const ssh = ['ssh', '-F', 'none', '-N', '-T', '-p', String(port), '-l', 'nobody'];
  const words = [...ssh, ...options.flatMap((option) => ['-o', option]), '--', host].map(shellQuote).join(' ');
  return (
    'command -v ssh >/dev/null || exit 127; ' +
    `timeout --foreground -k 1 ${PATIENCE_S} ${words} 2>&1 >/dev/null | ` +
    `LC_ALL=C grep -q '^debug1: SSH2_MSG_SERVICE_ACCEPT received[[:space:]]*$'`
  );
};

// Every feature that declares operations, one line each. Adding a feature's operations takes its file and a line here;
// the list of all operations, the reference page and the package's exports follow from it.

export * as aes from './aes.ts';
export * as audit from './audit.ts';
export * as hotp from './hotp.ts';
export * as keyslots from './keyslots.ts';
export * as ldap from './ldap.ts';
export * as machines from './machines.ts';
export * as passwords from './passwords.ts';
export * as policy from './policy.ts';
export * as recovery from './recovery.ts';
export * as sessions from './sessions.ts';
export * as system from './system.ts';
export * as tokens from './tokens.ts';
export * as totp from './totp.ts';
export * as users from './users.ts';
export * as yubiotp from './yubiotp.ts';

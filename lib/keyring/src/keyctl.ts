// Every operation of the key facility under one name: `keyctl.search(…)`.

export * from './keyctl-instantiation.ts';
export * from './keyctl-keyrings.ts';
export * from './keyctl-keys.ts';
export * from './keyctl-public-key.ts';

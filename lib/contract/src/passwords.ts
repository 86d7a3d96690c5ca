// Operations on passwords: a store of keys, each with a plain password and whatever was derived from it. Generated once,
// derived when asked for, the same answer for ever.

export * from './passwords/capabilities.ts';
export * from './passwords/events.ts';
export * from './passwords/identity.ts';
export * from './passwords/managing.ts';
export * from './passwords/moving.ts';
export * from './passwords/revealing.ts';
export * from './passwords/settings.ts';
export * from './passwords/values.ts';

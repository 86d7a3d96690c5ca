// Operations on machines: the clients that may be given a disk password. Settings that Mandos knows are kept as they
// were imported, so that nothing is lost between the two.

export * from './machines/approval.ts';
export * from './machines/checker.ts';
export * from './machines/events.ts';
export * from './machines/exporting.ts';
export * from './machines/fetching.ts';
export * from './machines/heartbeat-statement.ts';
export * from './machines/identity.ts';
export * from './machines/logging-in.ts';
export * from './machines/managing.ts';
export * from './machines/rules.ts';
export * from './machines/settings.ts';
export * from './machines/time-window.ts';
export * from './machines/view.ts';
export * from './machines/watching.ts';

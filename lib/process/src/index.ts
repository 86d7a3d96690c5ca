// What every process of the house does at its start: read the configuration, harden itself, give up root, say that it is there.

export {
  type Account,
  AccountError,
  type AccountSettings,
  becomeAccount,
  lookUpAccount,
  lookUpGroup,
  resolveAccount,
} from './account.ts';
export { ConfigError, type ConfigProblem } from './config-error.ts';
export {
  absolutePath,
  adminTable,
  baseConfig,
  busTable,
  courierTable,
  gateTable,
  k2Socket,
  keepTable,
  type NoticeKind,
  type Purpose,
  watchTable,
} from './config-tables.ts';
export { hardenProcess, withoutNewPrivileges } from './harden-process.ts';
export { leaveRoot } from './leave-root.ts';
export { type Config, defaultConfigPath, loadConfig } from './load-config.ts';
export { createLog, type Log, type LogFunction, type LogSettings, silentLog } from './log.ts';
export { type LogLevel, logLevels } from './log-levels.ts';
export { Metrics } from './metrics.ts';
export { notifyReady } from './notify-ready.ts';
export { pause } from './pause.ts';
export { AlreadyRunningError, type PidFile, writePidFile } from './pid-file.ts';
export { type ProcessProgram, runProcess } from './run-process.ts';
export { preparedPrivateDirectory, preparedRuntimeDirectory } from './runtime-directory.ts';
export { onStopSignals, type StopSignal } from './stop-signals.ts';
export { tomlPositions } from './toml-positions.ts';

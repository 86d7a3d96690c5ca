// The tree of commands. It only declares: what a command does is loaded when it is called, so that every command starts
// fast. A new feature is a file in commands/ and one line here.

import { Command } from 'commander';
import { registerApproval } from './commands/approval.ts';
import { registerAudit } from './commands/audit.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerConfig } from './commands/config.ts';
import { registerDev } from './commands/dev.ts';
import { registerInit } from './commands/init.ts';
import { registerK2 } from './commands/k2.ts';
import { registerKeep } from './commands/keep.ts';
import { registerKeyring } from './commands/keyring.ts';
import { registerKeyslot } from './commands/keyslot.ts';
import { registerLdap } from './commands/ldap.ts';
import { registerLogin } from './commands/login.ts';
import { registerMachine } from './commands/machine.ts';
import { registerMonitor } from './commands/monitor.ts';
import { registerOtp } from './commands/otp.ts';
import { registerPassword } from './commands/password.ts';
import { registerPolicy } from './commands/policy.ts';
import { registerSession } from './commands/session.ts';
import { registerToken } from './commands/token.ts';
import { registerUnlock } from './commands/unlock.ts';
import { registerUser } from './commands/user.ts';
import { registerVersion } from './commands/version.ts';
import { registerVolumes } from './commands/volumes.ts';
import { exitCodes } from './exit-codes.ts';

const exitCodeText = (): string => {
  const lines = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`);
  return ['', 'Exit codes:', ...lines].join('\n');
};

/** Makes the tree. Wrong usage throws a CommanderError once it was explained on stderr. */
export const buildProgram = (): Command => {
  const program = new Command('chatelaine')
    .description('Keeps the keys of encrypted Linux servers, and lets each out only while its conditions hold.')
    .option('--config <FILE>', 'the configuration (default: $CHATELAINE_CONFIG, else /etc/chatelaine/chatelaine.toml)')
    .option('--dir <DIR>', 'the directory of an instance that dev made (default: $CHATELAINE_DIR)')
    .option(
      '--server <URL>',
      'ask this server, where this shell is logged in (default: $CHATELAINE_SERVER, else this machine)',
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'chatelaine: ')) })
    .showHelpAfterError('See --help.')
    .exitOverride()
    .addHelpText('after', exitCodeText());
  registerDev(program);
  registerInit(program);
  registerKeep(program);
  registerConfig(program);
  registerKeyslot(program);
  registerMachine(program);
  registerApproval(program);
  registerMonitor(program);
  registerAudit(program);
  registerOtp(program);
  registerK2(program);
  registerPassword(program);
  registerPolicy(program);
  registerToken(program);
  registerUser(program);
  registerLdap(program);
  registerLogin(program);
  registerSession(program);
  registerKeyring(program);
  registerUnlock(program);
  registerVolumes(program);
  registerVersion(program);
  registerCompletion(program);
  return program;
};

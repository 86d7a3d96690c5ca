// `chatelaine otp`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { AddClientOptions } from '../otp/clients.ts';
import type { EnrollOptions } from '../otp/enroll.ts';
import type { KindOptions } from '../otp/kind.ts';
import { action } from './action.ts';
import { registerMoves } from './otp-moves.ts';
import { registerRecovery } from './otp-recovery.ts';

const withKinds = (command: Command): Command =>
  command
    .option('--totp', 'codes by time, as phones make them')
    .option('--hotp', 'codes by counter, as tokens with a button make them')
    .option('--yubikey', 'codes that a YubiKey types');

const registerClients = (otp: Command): void => {
  const client = otp.command('client').description('who may ask in the validation protocol of Yubico (front "yubico")');
  client
    .command('add')
    .summary('make a client')
    .description('Makes a client with the next free id, and prints its id and its key in Base64, once.')
    .option('--email <ADDRESS>', 'whom to write to', '')
    .option('--notes <TEXT>', 'what it is for', '')
    .option('--json', 'print JSON')
    .action(action<AddClientOptions>(async (options) => (await import('../otp/clients.ts')).addClient(options)));
  client
    .command('list')
    .description('list clients')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../otp/clients.ts')).listClients(options),
      ),
    );
  client
    .command('remove')
    .description('remove a client and destroy its key; its id does not come back')
    .argument('<ID>')
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & { yes?: boolean }>(async (options, id = '') =>
        (await import('../otp/clients.ts')).removeClient(id, options),
      ),
    );
  for (const [name, isEnabled, words] of [
    ['enable', true, 'answer a client again that was disabled'],
    ['disable', false, 'answer a client no more'],
  ] as const) {
    client
      .command(name)
      .description(words)
      .argument('<ID>')
      .action(
        action<GlobalOptions>(async (options, id = '') =>
          (await import('../otp/clients.ts')).setClient(id, isEnabled, options),
        ),
      );
  }
};

export const registerOtp = (program: Command): void => {
  const otp = program.command('otp').description('one-time codes (modules "totp", "hotp", "yubiotp", "recovery")');
  withKinds(
    otp
      .command('enroll')
      .summary('give a user a credential')
      .description(
        'Gives a user a credential. Its seed is shown once, on stdout and as a QR code in the terminal; it counts once a code of it was given.',
      )
      .argument('<USER>'),
  )
    .option('--name <NAME>', 'what the credential is called (default: default)')
    .option('--digits <N>', 'digits of a code, 6 to 8', '6')
    .option('--algorithm <HASH>', 'sha1, sha256 or sha512', 'sha1')
    .option('--period <SECONDS>', 'how long a code by time is shown', '30')
    .option('--window <STEPS>', 'how many steps early or late a code by time is accepted', '1')
    .option('--counter <N>', 'the number of the next code by counter', '0')
    .option('--look-ahead <N>', 'how many codes by counter may be skipped', '10')
    .option('--issuer <TEXT>', 'what phones show beside the name', 'Chatelaine')
    .option('--public-id <ID>', 'of a YubiKey, modhex (default: a new one)')
    .option(
      '--given',
      'the device has its secret: read it from a prompt or stdin, as Base32, of a YubiKey as ID,KEY in hexadecimal',
    )
    .option('--json', 'print JSON')
    .action(
      action<EnrollOptions>(async (options, user = '') => (await import('../otp/enroll.ts')).enroll(user, options)),
    );
  withKinds(
    otp
      .command('confirm')
      .summary('make a new credential count')
      .description('Makes a new credential count: reads a code of it, by counter two, a line each.')
      .argument('<USER>')
      .argument('[CREDENTIAL]', 'its name, of a YubiKey its public id'),
  ).action(
    action<GlobalOptions & KindOptions>(async (options, user = '', credential = '') =>
      (await import('../otp/confirm.ts')).confirm(user, credential, options),
    ),
  );
  withKinds(
    otp
      .command('verify')
      .summary('check a code')
      .description(
        'Checks a code, from a prompt or stdin. A code that is right is spent. Codes of YubiKeys and recovery codes are told by their length.',
      )
      .argument('<USER>'),
  )
    .option('--name <NAME>', 'of this credential only')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & KindOptions & { name?: string; json?: boolean }>(async (options, user = '') =>
        (await import('../otp/manage.ts')).verify(user, options),
      ),
    );
  otp
    .command('list')
    .description('list credentials')
    .argument('[USER]')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options, user = '') =>
        (await import('../otp/manage.ts')).list(user, options),
      ),
    );
  withKinds(
    otp
      .command('remove')
      .description('remove a credential and destroy its secret')
      .argument('<USER>')
      .argument('[CREDENTIAL]', 'its name, of a YubiKey its public id'),
  )
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & KindOptions & { yes?: boolean }>(async (options, user = '', credential = '') =>
        (await import('../otp/manage.ts')).remove(user, credential, options),
      ),
    );
  withKinds(
    otp
      .command('resync')
      .summary('find a device that went astray')
      .description(
        'Finds a device that went astray, or that waits after a restore: reads two consecutive codes, of a YubiKey one.',
      )
      .argument('<USER>')
      .argument('[CREDENTIAL]', 'its name, of a YubiKey its public id'),
  ).action(
    action<GlobalOptions & KindOptions>(async (options, user = '', credential = '') =>
      (await import('../otp/confirm.ts')).resync(user, credential, options),
    ),
  );
  withKinds(
    otp.command('allow-tries').description('forget the wrong codes that were given for a user').argument('<USER>'),
  ).action(
    action<GlobalOptions & KindOptions>(async (options, user = '') =>
      (await import('../otp/manage.ts')).allowTries(user, options),
    ),
  );
  for (const [name, isEnabled, words] of [
    ['enable', true, 'accept codes again of a YubiKey that was switched off'],
    ['disable', false, 'switch a YubiKey off; its counters stay'],
  ] as const) {
    otp
      .command(name)
      .description(words)
      .argument('<USER>', 'whose it is; "-": nobody’s')
      .argument('<PUBLIC-ID>')
      .action(
        action<GlobalOptions>(async (options, user = '', publicId = '') =>
          (await import('../otp/manage.ts')).setYubikey(user, publicId, isEnabled, options),
        ),
      );
  }
  registerClients(otp);
  registerRecovery(otp);
  registerMoves(otp);
};

// Codes of YubiKeys, and verdicts on them in Yubico's validation protocol.

import { defineModule } from '../../kernel/module.ts';
import { changeClients } from './change-clients.ts';
import { changeYubikeys } from './change-yubikeys.ts';
import { decryptOtp } from './decrypt-otp.ts';
import { moveClients } from './move-clients.ts';
import { moveKeys } from './move-keys.ts';
import { validateRequest } from './validate-request.ts';
import { spendOtp, verifyOtp } from './verify-otp.ts';

export const yubiotpModule = defineModule({
  name: 'yubiotp',
  requires: ['users', 'aes'],
  start: (services) => ({
    operations: [
      verifyOtp(services),
      validateRequest(services),
      ...changeYubikeys(services),
      ...changeClients(services),
      ...moveKeys(services),
      ...moveClients(),
      decryptOtp(services),
    ],
    services: { spend: spendOtp(services) },
  }),
});

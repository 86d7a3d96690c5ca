// Codes of YubiKeys.

import { defineModule } from '../../kernel/module.ts';
import { changeYubikeys } from './change-yubikeys.ts';
import { verifyOtp } from './verify-otp.ts';

export const yubiotpModule = defineModule({
  name: 'yubiotp',
  requires: ['users', 'aes'],
  start: (services) => ({ operations: [verifyOtp(services), ...changeYubikeys(services)] }),
});

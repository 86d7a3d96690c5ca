// Operations on Yubico OTP: codes that a YubiKey makes with an AES key of its own, and Yubico's protocol to have them checked.

export * from './yubiotp/clients.ts';
export * from './yubiotp/keys.ts';
export * from './yubiotp/moving.ts';
export * from './yubiotp/validating.ts';

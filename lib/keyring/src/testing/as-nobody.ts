// Runs a scene of nobody-main.ts as an account that is not root's. Wants root.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NOBODY = 65_534;

/** The scene's result. */
export const runAsNobody = (scene: string): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [fileURLToPath(new URL('./nobody-main.ts', import.meta.url)), scene], {
      encoding: 'utf8',
      env: { ...process.env, NOBODY: String(NOBODY) },
    }),
  );

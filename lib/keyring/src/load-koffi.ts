// The foreign function interface. Its binary is taken from its own package if that lies beside us: koffi's way to it costs six
// milliseconds, a quarter of what Node.js needs to start, and only adds names that are deprecated.

import { createRequire } from 'node:module';

type Koffi = Pick<typeof import('koffi'), 'load' | 'errno' | 'address'>;

/** Loads it at its first use. */
export const loadKoffi = (): Koffi => {
  const require = createRequire(import.meta.url);
  try {
    return require(`@koromix/koffi-linux-${process.arch}`);
  } catch {
    return require('koffi');
  }
};

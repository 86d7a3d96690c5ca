// The version of this build, read from its manifest. From source and from a bundle the manifest lies at another depth.

import { readFileSync } from 'node:fs';

const depth = import.meta.url.endsWith('.ts') ? '../../../package.json' : '../package.json';

/** Such as `0.1.0`. */
export const readVersion = (): string => {
  const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL(depth, import.meta.url), 'utf8'));
  return manifest.version;
};

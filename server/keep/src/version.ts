// The version of this checkout, read once. From source and from a bundle the manifest lies at another depth.

import { readFileSync } from 'node:fs';

const depth = import.meta.url.endsWith('.ts') ? '../../../package.json' : '../package.json';
const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL(depth, import.meta.url), 'utf8'));

export const version = manifest.version;

// Who may import whom. The layers are what keeps a secret's way short: only the keep reaches the vault and the store,
// the keep opens no internet socket, and every package can be used on its own.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type ImportSpecifier, importSpecifiers } from './import-specifiers.ts';

/** A forbidden import: where it is and which rule forbids it. */
export interface ImportViolation {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  readonly rule: string;
}

/** Layers of `lib/`, the bottom first: a package imports only from layers below its own. */
const layers: readonly (readonly string[])[] = [
  ['contract'],
  ['secret', 'store', 'rawtls', 'password-hash', 'process'],
  ['keyring', 'passwords', 'session', 'vault', 'link', 'machine-keys'],
];

/** Packages that hold sealed records; nothing but these may reach them. */
const custody: Readonly<Record<string, readonly string[]>> = {
  store: ['lib/vault', 'server/keep'],
  vault: ['server/keep'],
};

/** Node's ways to the internet. `node:net` is left: a UNIX socket needs it, and a test counts the keep's sockets. */
const internetModules = /^(?:node:)?(?:http|https|http2|tls|dgram|dns|dns\/promises)$/;

const internetCalls = /\.(?:listen|connect|createConnection)\(\s*(?:\d|\{[^}]*\bport\b|port\b)/;

/** Only what connects to a directory, in a process beside the keep, and tests. */
const mayReachOut = (file: string): boolean =>
  file.endsWith('.test.ts') || file === 'server/keep/src/modules/ldap/secure-connection.ts';

const layerOf = (lib: string): number => layers.findIndex((layer) => layer.includes(lib));

/** A directory of `lib/`, `server/` or `client/` with a package in it, as `lib/store`. */
interface Package {
  readonly place: string;
  readonly exports: ReadonlySet<string>;
}

const packagesOf = (root: string): ReadonlyMap<string, Package> => {
  const packages = new Map<string, Package>();
  for (const group of ['lib', 'server', 'client']) {
    for (const entry of readdirSync(path.join(root, group), { withFileTypes: true })) {
      const place = `${group}/${entry.name}`;
      const manifest = path.join(root, place, 'package.json');
      if (!statSync(manifest, { throwIfNoEntry: false })?.isFile()) continue;
      const { name, exports } = JSON.parse(readFileSync(manifest, 'utf8'));
      packages.set(name, { place, exports: new Set(Object.keys(exports ?? {})) });
    }
  }
  return packages;
};

const sourcesOf = (root: string, place: string): readonly string[] =>
  readdirSync(path.join(root, place), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?ts$/.test(file) && !/(?:^|\/)(?:node_modules|\.build|dist)\//.test(file))
    .map((file) => `${place}/${file}`)
    .sort();

const packageRule = (from: string, to: Package): string | undefined => {
  const [fromGroup, fromName = ''] = from.split('/');
  const [toGroup, toName = ''] = to.place.split('/');
  if (from === to.place) return undefined;
  if (toGroup !== 'lib') return `${fromGroup}/* imports only lib/*, never another part of the house`;
  const allowed = custody[toName];
  if (allowed && !allowed.includes(from)) return `only ${allowed.join(' and ')} may import ${toName}`;
  if (fromGroup !== 'lib') return undefined;
  if (layerOf(fromName) < 0) return `lib/${fromName} has no layer yet: give it one in scripts/import-boundaries.ts`;
  return layerOf(toName) < layerOf(fromName) ? undefined : `lib/${fromName} imports only from layers below its own`;
};

const moduleOf = (file: string): string | undefined => /^server\/keep\/src\/modules\/([^/]+)\//.exec(file)?.[1];

const relativeRule = (file: string, place: string, specifier: string): string | undefined => {
  const target = path.posix.join(path.posix.dirname(file), specifier);
  if (!target.startsWith(`${place}/`)) return 'a relative import stays inside its package';
  const other = moduleOf(target);
  const own = moduleOf(file);
  if (own !== undefined && other !== undefined && own !== other) {
    return 'a module never imports another: it declares what it requires and asks through the kernel';
  }
  return undefined;
};

const ruleFor = (
  packages: ReadonlyMap<string, Package>,
  place: string,
  file: string,
  { specifier, isUrl }: ImportSpecifier,
): string | undefined => {
  // A test may start another part of the house as a process, by its path.
  if (isUrl && file.endsWith('.test.ts')) return undefined;
  if (specifier.startsWith('.')) return relativeRule(file, place, specifier);
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return 'an import never names a place of one machine';
  if (place === 'server/keep' && !mayReachOut(file) && internetModules.test(specifier)) {
    return 'the keep opens no internet socket';
  }
  const [scope, name] = specifier.split('/');
  const to = packages.get(`${scope}/${name}`);
  if (to === undefined) return undefined;
  const subpath = `.${specifier.slice(`${scope}/${name}`.length)}`;
  if (!to.exports.has(subpath)) return `${to.place} does not export ${subpath}`;
  return packageRule(place, to);
};

const socketViolations = (file: string, source: string): readonly ImportViolation[] => {
  if (!file.startsWith('server/keep/') || mayReachOut(file)) return [];
  return source.split('\n').flatMap((text, index) => {
    const call = internetCalls.exec(text);
    if (call === null) return [];
    return [{ file, line: index + 1, specifier: call[0], rule: 'the keep opens no internet socket' }];
  });
};

/** Every forbidden import below `root`, in the order of the files. */
export const findImportViolations = (root: string): readonly ImportViolation[] => {
  const packages = packagesOf(root);
  return [...packages.values()].flatMap(({ place }) =>
    sourcesOf(root, place).flatMap((file) => {
      const source = readFileSync(path.join(root, file), 'utf8');
      const forbidden = importSpecifiers(source).flatMap((found) => {
        const rule = ruleFor(packages, place, file, found);
        return rule === undefined ? [] : [{ file, line: found.line, specifier: found.specifier, rule }];
      });
      return [...forbidden, ...socketViolations(file, source)];
    }),
  );
};

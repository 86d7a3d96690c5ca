// C libraries, loaded at the first use: whoever derives no such format neither pays for it nor needs it installed.

import { createRequire } from 'node:module';

type Koffi = typeof import('koffi');

/** A shared library is not installed. */
export class LibraryMissingError extends Error {
  override readonly name = 'LibraryMissingError';
}

/** Loads `soname` and binds what is needed of it. Throws {@link LibraryMissingError} with the Debian package's name. */
export const bindLibrary = <Bound>(
  soname: string,
  debianPackage: string,
  bind: (library: ReturnType<Koffi['load']>, koffi: Koffi) => Bound,
): Bound => {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  let library: ReturnType<Koffi['load']>;
  try {
    library = koffi.load(soname);
  } catch (cause) {
    throw new LibraryMissingError(`${soname} is missing: install it (Debian: apt install ${debianPackage})`, { cause });
  }
  return bind(library, koffi);
};

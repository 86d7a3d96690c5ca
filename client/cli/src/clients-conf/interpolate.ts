// Expands `%(name)s` as Python's configparser does when Mandos loads clients.conf: from the same section, else from the
// defaults, recursively; `%%` gives `%`. What is left for run time (the checker's `%(host)s`) stays as it is.

/** An expanded value, or why it cannot be expanded. */
export type Interpolated =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string };

const MAX_DEPTH = 10;
// A few lines can ask for an astronomically long text, or for as much work to make a short one; nobody needs more.
const MAX_LENGTH = 1_048_576;
const MAX_REFERENCES = 10_000;
const REFERENCE = /^%\(([^)]+)\)s/;

class InterpolationError extends Error {}

class Expansion {
  readonly #lookUp: (name: string) => string | undefined;
  text = '';
  #references = 0;

  constructor(lookUp: (name: string) => string | undefined) {
    this.#lookUp = lookUp;
  }

  expand(text: string, depth: number): void {
    if (depth > MAX_DEPTH) throw new InterpolationError(`refers to other options more than ${MAX_DEPTH} deep`);
    let rest = text;
    for (let at = rest.indexOf('%'); at >= 0; at = rest.indexOf('%')) {
      this.#add(rest.slice(0, at));
      rest = rest.slice(at);
      if (rest.startsWith('%%')) {
        this.#add('%');
        rest = rest.slice(2);
      } else {
        rest = rest.slice(this.#expandReference(rest, depth));
      }
    }
    this.#add(rest);
  }

  /** Expands the reference that `text` begins with; returns its length. */
  #expandReference(text: string, depth: number): number {
    const reference = REFERENCE.exec(text);
    if (reference?.[1] === undefined) {
      const what = text.startsWith('%(') ? '"%(" begins a reference that is not "%(name)s"' : '"%" stands alone';
      throw new InterpolationError(`${what}; write "%%" for a per cent sign`);
    }
    if (++this.#references > MAX_REFERENCES) throw new InterpolationError(`refers to other options too often`);
    const value = this.#lookUp(reference[1].toLowerCase());
    if (value === undefined) throw new InterpolationError(`refers to an option "${reference[1]}" that is not there`);
    if (value.includes('%')) this.expand(value, depth + 1);
    else this.#add(value);
    return reference[0].length;
  }

  #add(part: string): void {
    if (this.text.length + part.length > MAX_LENGTH) throw new InterpolationError('expands to too long a text');
    this.text += part;
  }
}

/**
 * Expands one value.
 *
 * @param lookUp the raw value of an option by its lower-case name, `undefined` if there is none
 */
export const interpolate = (value: string, lookUp: (name: string) => string | undefined): Interpolated => {
  const expansion = new Expansion(lookUp);
  try {
    expansion.expand(value, 1);
    return { kind: 'text', text: expansion.text };
  } catch (error) {
    if (error instanceof InterpolationError) return { kind: 'wrong', message: error.message };
    throw error;
  }
};

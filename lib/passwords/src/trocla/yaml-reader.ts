// Reads YAML, and loads the whole parser only for what is not written in plain blocks: loading it takes longer than a look-up.

import { readPlainBlocks } from './read-plain-blocks.ts';
import type { YamlNode } from './yaml-node.ts';

/** What is wrong with a document; in its own words, which contain nothing of the document. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

class ParserNeeded extends Error {}

let parser: typeof import('./parse-yaml.ts') | undefined;

/**
 * The first document of a text; `undefined` if there is none. Throws `YamlError`. To be called inside of `withYamlParser`.
 * `aliases` false refuses them, as Ruby's safe loader does.
 */
export const readYaml = (text: string, settings: { readonly aliases: boolean }): YamlNode | undefined => {
  const node = readPlainBlocks(text);
  if (node !== undefined) return node;
  if (parser === undefined) throw new ParserNeeded('the parser is not loaded yet');
  return parser.parseYaml(text, settings);
};

/** Does something that reads YAML; if it turns out to need the parser, loads that and does it again. */
export const withYamlParser = async <Result>(act: () => Result): Promise<Result> => {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ParserNeeded)) throw error;
    parser = await import('./parse-yaml.ts');
    return act();
  }
};

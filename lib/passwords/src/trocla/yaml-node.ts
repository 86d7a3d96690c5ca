// YAML as it stands in a document, before anything is made of its scalars.

/** A mapping, a list or a scalar. Aliases are resolved. */
export type YamlNode =
  | { readonly kind: 'scalar'; readonly text: string; readonly isPlain: boolean; readonly tag?: string }
  | { readonly kind: 'list'; readonly items: readonly YamlNode[]; readonly tag?: string }
  | { readonly kind: 'map'; readonly pairs: readonly (readonly [YamlNode, YamlNode])[]; readonly tag?: string };

/** What stands for nothing. */
export const emptyScalar: YamlNode = { kind: 'scalar', text: '', isPlain: true };

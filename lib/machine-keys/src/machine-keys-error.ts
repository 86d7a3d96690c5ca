/** What is wrong with key files, or with what was to be done with them; shown to the person. Never with anything of a key. */
export class MachineKeysError extends Error {
  override readonly name = 'MachineKeysError';
  readonly hint: string | undefined;

  constructor(text: string, hint?: string) {
    super(text);
    this.hint = hint;
  }
}

// The real trocla and ours, side by side: each with a directory, a configuration and a store of its own, given the same words.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Finished, type RunOptions, runProgram } from './run-program.ts';
import type { Scratch } from './scratch.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** Our command as it stands in a checkout. */
export const ourTrocla = path.join(root, 'bin', 'trocla');

/** Debian's package `trocla`. */
export const realTrocla = '/usr/bin/trocla';

/** What a command came to, with what differs for no reason made equal. */
export interface Said {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** One of the two. */
export interface Side {
  readonly directory: string;
  readonly config: string;
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Said>;
}

const said = ({ code, stdout, stderr }: Finished, directory: string): Said => ({
  code,
  stdout: stdout.toString('latin1').replaceAll(directory, 'DIR'),
  stderr: stderr.replaceAll(directory, 'DIR').replaceAll(/^Use \S*trocla /gm, 'Use trocla '),
});

/** Runs `program` with this configuration; `DIR` in an argument is its own directory. */
export const sideWith = (program: string, directory: string, configuration: string): Side => {
  mkdirSync(directory, { recursive: true });
  const config = path.join(directory, 'troclarc.yaml');
  writeFileSync(config, configuration.replaceAll('DIR', directory));
  return {
    directory,
    config,
    run: async (args, options = {}) => {
      const words = args.map((word) => word.replaceAll('DIR', directory));
      const env = { HOME: directory, LANG: 'C.UTF-8', ...options.env };
      return said(await runProgram(program, ['-c', config, ...words], { ...options, env }), directory);
    },
  };
};

export const yamlStore = `store_options:
  adapter: :YAML
  adapter_options:
    :file: DIR/store.yaml
`;

/** Both commands, and what compares them. */
export class TroclaPair {
  readonly real: Side;
  readonly ours: Side;

  constructor(scratch: Scratch, configuration: string = yamlStore) {
    const directory = scratch.directory();
    this.real = sideWith(realTrocla, path.join(directory, 'real'), configuration);
    this.ours = sideWith(ourTrocla, path.join(directory, 'ours'), configuration);
  }

  /** Both with the same words. */
  async both(args: readonly string[], options: RunOptions = {}): Promise<{ readonly real: Said; readonly ours: Said }> {
    const [real, ours] = await Promise.all([this.real.run(args, options), this.ours.run(args, options)]);
    return { real, ours };
  }

  /** Both have to say exactly the same. Gives what they said. */
  async same(args: readonly string[], options: RunOptions = {}): Promise<Said> {
    const { real, ours } = await this.both(args, options);
    assert.deepEqual(ours, real, `trocla ${args.join(' ')}`);
    return ours;
  }

  /** Both have to end with the same code, and to print or not to print. */
  async alike(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<{ readonly real: Said; readonly ours: Said }> {
    const said = await this.both(args, options);
    const shape = ({ code, stdout, stderr }: Said) => ({ code, prints: stdout !== '', complains: stderr !== '' });
    assert.deepEqual(
      shape(said.ours),
      shape(said.real),
      `trocla ${args.join(' ')}: ${said.ours.stderr} / ${said.real.stderr}`,
    );
    return said;
  }
}

// `chatelaine rotate`: new root and data keys, while everything goes on.

import { type Client, type OutputOf, system } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { printJson, say } from '../terminal/output.ts';
import { Progress } from '../terminal/progress.ts';

const LOOK_EVERY_MS = 200;

type Rotation = NonNullable<OutputOf<typeof system.status>['rotation']>;

/** How far it is, in words. */
export const describeRotation = ({ root, data, done, total, problem }: Rotation): string => {
  const what = root && data ? 'root key and data keys' : root ? 'root key' : 'data keys';
  const far = total === 0 ? '' : `, ${done} of ${total} records are sealed anew`;
  return problem === undefined ? `${what}${far}` : `${what}${far}; stands still: ${problem}`;
};

/** Waits for the end; shows how far it is. */
export const awaitRotation = async (client: Client): Promise<void> => {
  const progress = new Progress();
  try {
    for (;;) {
      const { rotation } = answerOf(await client.call(system.status, {}));
      if (rotation === undefined) return;
      if (rotation.problem !== undefined) {
        const hint =
          'No key was destroyed. Restore a backup, or remove what is damaged, and say chatelaine rotate again.';
        throw new Failure('refused', `The rotation stands still: ${rotation.problem}.`, hint);
      }
      progress.show(() => describeRotation(rotation));
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  } finally {
    progress.end();
  }
};

export interface RotateOptions extends GlobalOptions {
  readonly root?: boolean;
  readonly data?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Without `--root` and `--data`: both. */
export const rotateKeys = (options: RotateOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const isBoth = options.root !== true && options.data !== true;
    const parts = { root: isBoth || options.root === true, data: isBoth || options.data === true };
    const begun = answerOf(await client.call(system.rotate, parts));
    if (options.wait === false) {
      if (options.json === true) return await printJson({ ...begun, ...parts, isOver: false });
      return say('The rotation has begun; chatelaine status shows how far it is.');
    }
    await awaitRotation(client);
    if (options.json === true) return await printJson({ ...begun, ...parts, isOver: true });
    say(parts.root ? `The root key is ${begun.rootKeyId} now; old keys are destroyed.` : 'Old keys are destroyed.');
    say(
      'Backups made before still open with the key slots they were made with: make a new one, and destroy the old ones.',
    );
  });

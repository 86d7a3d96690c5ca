// One capability that outlives giving up root, in the thread that starts other programs and in the programs it starts. Without new
// privileges a program gets none from its own file: fping(8), Mandos's default checker, needs CAP_NET_RAW handed down.
// capabilities(7), "Ambient"; prctl(2)

import { libc } from './libc.ts';

const PR_SET_KEEPCAPS = 8;

/** Called as root: what this thread may do is not taken away with its uid. */
export const beginToKeepCapabilities = (): void => {
  libc().prctl(PR_SET_KEEPCAPS, 1);
};

/**
 * Called right after root was given up: of what was kept, this one capability stays, also for programs that are started.
 *
 * @returns whether the kernel did it
 */
export const keepOnlyCapability = (capability: number): boolean =>
  libc().setOnlyCapability(1 << capability) === 0 && libc().raiseAmbient(capability) === 0;

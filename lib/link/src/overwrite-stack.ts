// OpenSSL decrypts a record into an array on the stack of node:tls, which copies it from there and leaves it as it is. What a
// stream carried last would lie there for as long as no deeper call happens to pass. So a moment after anything came, the
// stack is written over.

const SOON_MS = 1_000;
/** Records have up to 16 KiB; calls below that array come and go. */
const OVERWRITTEN_BYTES = 131_072;
const BYTES_OF_AN_ARGUMENT = 8;

const zeros: readonly number[] = new Array<number>(OVERWRITTEN_BYTES / BYTES_OF_AN_ARGUMENT).fill(0);

/** Arguments of a call are put on the stack: these are zeros. */
const overwriteStack = (): number => Math.max(...zeros);

let isDue = false;

/** Has the stack of this thread overwritten within about a second, from the event loop. Cheap to ask for again. */
export const overwriteStackSoon = (): void => {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    overwriteStack();
  }, SOON_MS).unref();
};

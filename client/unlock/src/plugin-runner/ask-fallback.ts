// What is left when no plugin has the password: a person types it. As Mandos does with getpass(3), at the terminal, or from standard
// input where there is none.

import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { PromptEndedError, UnseenPrompt } from '@chatelaine/process/unseen-prompt';
import { dieBySignal } from '../end-signals.ts';
import { exitCode } from '../exit-code.ts';
import { say } from '../words.ts';
import { writePassword } from '../write-password.ts';

const LINE_FEED = 10;
const MAX_LINE_BYTES = 65_536;

const findTerminal = (): ReadStream | undefined => {
  if (process.stdin.isTTY) return process.stdin;
  try {
    return new ReadStream(openSync('/dev/tty', 'r+'));
  } catch {
    return undefined;
  }
};

/** A line of standard input without its end; `undefined` if there is none. */
const readLine = async (): Promise<Buffer | undefined> => {
  const line = Buffer.allocUnsafeSlow(MAX_LINE_BYTES);
  let size = 0;
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      const end = chunk.indexOf(LINE_FEED);
      size += chunk.copy(line, size, 0, end < 0 ? chunk.length : end);
      chunk.fill(0);
      if (end >= 0 || size === MAX_LINE_BYTES) break;
      if (size === 0) continue;
    }
    return size === 0 ? undefined : Buffer.from(line.subarray(0, size));
  } finally {
    line.fill(0);
  }
};

const ask = async (): Promise<Buffer | undefined> => {
  const terminal = findTerminal();
  if (terminal !== undefined) return await new UnseenPrompt(terminal).ask('Password: ');
  process.stderr.write('Password: ');
  return await readLine();
};

/** Asks and prints what was typed, without its line end; gives the exit code. */
export const askFallback = async (): Promise<number> => {
  say('no plugin gave a password, so that it has to be typed');
  let typed: Buffer | undefined;
  try {
    typed = await ask();
    if (typed === undefined) return exitCode.io;
    writePassword(typed);
    return 0;
  } catch (error) {
    if (!(error instanceof PromptEndedError)) throw error;
    if (error.reason === 'interrupted') return await dieBySignal('SIGINT');
    say(error.message);
    return exitCode.io;
  } finally {
    typed?.fill(0);
  }
};

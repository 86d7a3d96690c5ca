// The process that talks with servers of the directory, for the keep that started it. What a server says is read by a library that
// a hostile one can keep busy for ever, or fill with memory until the process ends; here it ends nothing but this one,
// which holds no key and no more than the passwords it is asked about. Bundled as directory.js.
// Exit codes: 0 the keep is gone, 1 failed.

import { hardenProcess, onStopSignals, runProcess } from '@chatelaine/process';
import { FrameReader } from '../../read-frames.ts';
import { askServer } from './ask-server.ts';
import { type Asked, decodeQuestion } from './question-frames.ts';

const answer = async ({ id, settings, question }: Asked): Promise<void> => {
  try {
    const verdict = await askServer(settings, question);
    process.stdout.write(`${JSON.stringify({ id, verdict })}\n`);
  } finally {
    question.password.fill(0);
    question.bindPassword?.fill(0);
  }
};

const run = async (): Promise<number> => {
  hardenProcess();
  // The keep ends it by closing its input; signals to the whole group are the keep's to heed.
  onStopSignals(() => undefined);
  const reader = new FrameReader(process.stdin);
  for (;;) {
    const frames = await reader.frames().catch(() => undefined);
    if (frames === undefined) return 0;
    void answer(decodeQuestion(frames));
  }
};

await runProcess({ name: 'directory', run });

// Runs a program at a terminal of its own and types, as a person would: each text only after its prompt was shown.

import { spawnSync } from 'node:child_process';

const driver = `
import json, os, pty, select, sys, time
command, dialogue = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
seen = b""
shown = b""
dialogue = [[prompt.encode(), bytes.fromhex(typed)] for prompt, typed in dialogue]
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
    seen += chunk
    if dialogue and dialogue[0][0] in seen:
        time.sleep(0.05)
        os.write(terminal, dialogue[0][1])
        seen = b""
        dialogue.pop(0)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
json.dump({"shown": shown.decode("utf-8", "replace"), "code": status}, sys.stdout)
`;

/** What the terminal showed, echo included, and the exit code. */
export interface AtTerminal {
  readonly shown: string;
  readonly code: number;
}

/** @param dialogue pairs of what to wait for and what to type then */
export const runAtTerminal = (
  command: readonly string[],
  dialogue: readonly (readonly [prompt: string, typed: string | Uint8Array])[],
  environment: NodeJS.ProcessEnv = process.env,
): AtTerminal => {
  const typed = dialogue.map(([prompt, text]) => [prompt, Buffer.from(text as string).toString('hex')]);
  const run = spawnSync('/usr/bin/python3', ['-c', driver], {
    input: JSON.stringify([command, typed]),
    env: environment,
    timeout: 60_000,
  });
  if (run.status !== 0) throw new Error(`the terminal failed: ${run.stderr}`);
  return JSON.parse(run.stdout.toString());
};

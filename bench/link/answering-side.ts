// The answering process of the link bench: a link server and, beside it, a plain socket that answers every so many bytes
// with so many bytes, the least that any protocol of these sizes can do. Ends when its parent does.
//
// arguments: link socket, plain socket, peer key file, bytes of a question and of an answer on the plain socket, bytes of
// the secret in each answer

import { createServer } from 'node:net';
import { ok, refuse } from '@chatelaine/contract';
import { LinkServer, listenUnix, readPeerKey } from '@chatelaine/link';

const [linkPath = '', plainPath = '', keyPath = '', question = '', answer = '', secretBytes = ''] =
  process.argv.slice(2);

const key = await readPeerKey(keyPath);
const secret = Buffer.alloc(Number(secretBytes), 0x5a);
const server = new LinkServer({
  keyOf: (identity) => (identity === key.identity ? key : undefined),
  handler: {
    call: async () => ({ result: ok({ secret }) }),
    stream: async () => refuse('unknown-operation'),
  },
});
await listenUnix({ path: linkPath, mode: 0o600, server });

const questionBytes = Number(question);
const answerBytes = Number(answer);
const answers = Buffer.alloc(256 * answerBytes, 0x5a);
const plain = createServer((socket) => {
  let pendingBytes = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    pendingBytes += chunk.length;
    for (let count = Math.floor(pendingBytes / questionBytes); count > 0; count -= 256) {
      socket.write(answers.subarray(0, Math.min(count, 256) * answerBytes));
    }
    pendingBytes %= questionBytes;
  });
});
plain.listen(plainPath, () => process.stdout.write('ready\n'));

process.stdin.on('end', () => process.exit(0)).resume();

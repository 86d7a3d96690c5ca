// Everything a program does to the files of one directory, in order, as strace(1) sees it: what is written where, what is
// synced, which names come and go, and what the program tells on stdout in between. A call that writes in a way that is not
// understood here is an error, so that a recording is complete or there is none.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A file, whatever names it has. */
export type FileId = number;

/** A change of names that happens as one: a name and what it leads to afterwards, `undefined` for nothing. */
export type NameChange = readonly (readonly [name: string, file: FileId | undefined])[];

/** `before` of a sync: it covers what came before that place in the recording, not what was under way. */
export type DiskEvent =
  | { readonly kind: 'write'; readonly file: FileId; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: FileId; readonly sizeBytes: number }
  | { readonly kind: 'names'; readonly changes: NameChange }
  | { readonly kind: 'sync'; readonly file: FileId; readonly before: number }
  | { readonly kind: 'sync-names'; readonly before: number }
  | { readonly kind: 'tell'; readonly line: string };

/** Files of a directory by name. */
export type Files = ReadonlyMap<string, Buffer>;

export interface DiskRecording {
  /** What lay there before; durable. Files are numbered from 0 in this order. */
  readonly start: Files;
  readonly events: readonly DiskEvent[];
}

const RECORDED =
  'open,openat,creat,write,pwrite64,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,fsync,fdatasync,close';
/** Would change files unseen. */
const UNKNOWN =
  'writev,pwritev,pwritev2,truncate,fallocate,copy_file_range,sendfile,splice,sync_file_range,symlink,symlinkat,mkdir,mkdirat,rmdir';

const textOf = (text: string): string => Buffer.from(text.replaceAll('\\x', ''), 'hex').toString('latin1');
/** The strings of a call, in order. */
const stringsOf = (call: string): string[] =>
  [...call.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text]) => text ?? '');

/** Follows the calls of one process and its threads. */
class Recorder {
  readonly events: DiskEvent[] = [];
  readonly #directory: string;
  readonly #names = new Map<string, FileId>();
  readonly #positions = new Map<string, number>();
  readonly #unfinished = new Map<string, { readonly call: string; readonly before: number }>();
  #files: number;
  #told = '';

  constructor(directory: string, start: Files) {
    this.#directory = `${directory}/`;
    for (const name of start.keys()) this.#names.set(name, this.#names.size);
    this.#files = start.size;
  }

  hear(line: string): void {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      const call = text.slice(0, -'<unfinished ...>'.length);
      this.#begin(call);
      this.#unfinished.set(thread, { call, before: this.events.length });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    if (resumed === null) {
      const before = this.events.length;
      this.#begin(text);
      this.#end(text, before);
      return;
    }
    const begun = this.#unfinished.get(thread);
    this.#unfinished.delete(thread);
    if (begun !== undefined) this.#end(begun.call + (resumed[1] ?? ''), begun.before);
  }

  /** What may be on the disk as soon as the call begins, and what others hear. */
  #begin(call: string): void {
    const fd = /^(pwrite64|write|ftruncate)\((\d+)<((?:\\x[0-9a-f]{2})*)>, /.exec(call);
    if (fd === null) return;
    const [, name = '', number = '', place = ''] = fd;
    if (number === '1' && name === 'write') this.#tell(textOf(stringsOf(call)[0] ?? ''));
    const file = this.#fileAt(textOf(place));
    if (file === undefined) return;
    if (name === 'ftruncate') {
      this.events.push({ kind: 'truncate', file, sizeBytes: Number(/>, (\d+)/.exec(call)?.[1]) });
      return;
    }
    const [, text = '', count = '', offset = ''] = /"((?:\\x[0-9a-f]{2})*)", (\d+)(?:, (\d+))?/.exec(call) ?? [];
    const bytes = Buffer.from(text.replaceAll('\\x', ''), 'hex');
    if (Number(count) !== bytes.length) throw new Error(`not understood: ${call.slice(-80)}`);
    const at = name === 'write' ? (this.#positions.get(number) ?? 0) : Number(offset);
    if (name === 'write') this.#positions.set(number, at + bytes.length);
    this.events.push({ kind: 'write', file, offset: at, bytes });
  }

  #end(call: string, before: number): void {
    const [, name = '', result = ''] = /^(\w+)\(.*\) += (-?\d+)/.exec(call) ?? [];
    if (result.startsWith('-')) {
      if (/^(p?write|ftruncate|f(data)?sync)/.test(name) && this.#touches(call))
        throw new Error(`failed: ${call.slice(-80)}`);
      return;
    }
    if (UNKNOWN.split(',').includes(name) && this.#touches(call))
      throw new Error(`not understood: ${call.slice(0, 80)}`);
    const [first, second] = stringsOf(call).map((text) => this.#nameOf(textOf(text)));
    if (name.startsWith('open') || name === 'creat') this.#open(call, result, first);
    else if (name.startsWith('unlink') && first !== undefined) this.#rename([[first, undefined]]);
    else if (name.startsWith('link') && first !== undefined && second !== undefined) {
      this.#rename([[second, this.#names.get(first)]]);
    } else if (name.startsWith('rename') && first !== undefined && second !== undefined) {
      const file = this.#names.get(first);
      this.#rename([
        [first, undefined],
        [second, file],
      ]);
    } else if (name === 'fsync' || name === 'fdatasync') this.#sync(call, before);
  }

  #open(call: string, fd: string, name: string | undefined): void {
    if (name === undefined) return;
    this.#positions.set(fd, 0);
    const file = this.#names.get(name);
    if (file === undefined) this.#rename([[name, this.#files++]]);
    else if (/O_TRUNC/.test(call)) this.events.push({ kind: 'truncate', file, sizeBytes: 0 });
    if (/O_APPEND/.test(call)) throw new Error(`not understood: ${call.slice(0, 80)}`);
  }

  #sync(call: string, before: number): void {
    const place = textOf(/^\w+\(\d+<((?:\\x[0-9a-f]{2})*)>/.exec(call)?.[1] ?? '');
    if (`${place}/` === this.#directory) this.events.push({ kind: 'sync-names', before });
    const file = this.#fileAt(place);
    if (file !== undefined) this.events.push({ kind: 'sync', file, before });
  }

  #rename(changes: NameChange): void {
    for (const [name, file] of changes) {
      if (file === undefined) this.#names.delete(name);
      else this.#names.set(name, file);
    }
    this.events.push({ kind: 'names', changes });
  }

  #tell(words: string): void {
    const lines = (this.#told + words).split('\n');
    this.#told = lines.pop() ?? '';
    for (const line of lines) this.events.push({ kind: 'tell', line });
  }

  /** The index of SQLite's log is shared memory that promises nothing, and is no file of ours. */
  #nameOf(path: string): string | undefined {
    if (!path.startsWith(this.#directory) || path.endsWith('-shm')) return undefined;
    return path.slice(this.#directory.length);
  }

  #fileAt(path: string): FileId | undefined {
    const name = this.#nameOf(path);
    return name === undefined ? undefined : this.#names.get(name);
  }

  #touches(call: string): boolean {
    const hex = [...Buffer.from(this.#directory)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    return call.includes(hex) && !call.includes('\\x2d\\x73\\x68\\x6d>');
  }
}

/** What lies in a directory. */
const readFiles = (directory: string): Files =>
  new Map(
    readdirSync(directory)
      .filter((name) => !name.endsWith('-shm'))
      .sort()
      .map((name) => [name, readFileSync(join(directory, name))]),
  );

/** Runs a script of Node.js that works in `directory`, and gives what it did there. Throws if it ends badly. Needs strace. */
export const recordDisk = async (
  directory: string,
  script: string,
  args: readonly string[],
): Promise<DiskRecording> => {
  const start = readFiles(directory);
  const scratch = mkdtempSync(join(tmpdir(), 'chatelaine-trace-'));
  try {
    const trace = join(scratch, 'trace');
    const calls = ['-e', `trace=${RECORDED},${UNKNOWN}`];
    const options = ['-f', '-y', '-xx', '-s', '8388608', '--seccomp-bpf', '-o', trace, ...calls];
    const child = spawn('strace', [...options, process.execPath, script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, UV_USE_IO_URING: '0' },
    });
    child.stdout.resume();
    const [code, signal] = await once(child, 'close');
    // strace ends itself with the signal that ended the program.
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`${script} ended with ${code ?? signal}`);
    const recorder = new Recorder(directory, start);
    for await (const line of createInterface({ input: createReadStream(trace, 'latin1') })) recorder.hear(line);
    return { start, events: recorder.events };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

// A question of systemd's: a file named ask.*, moved into place when it is whole. What is not exactly in form is no question.
// https://systemd.io/PASSWORD_AGENTS/

/** One question. */
export interface Question {
  /** Where the answer goes: the path of a UNIX datagram socket. */
  readonly socket: string;
  /** Who asks. */
  readonly pid: number;
  /** When it is too late, in microseconds of CLOCK_MONOTONIC; absent for never. */
  readonly notAfterUs: bigint | undefined;
  /** What is asked for, such as `cryptsetup:/dev/sda2`; empty if it is not said. */
  readonly id: string;
}

const SECTION = '[Ask]';

/** The values of the section, by their names; the last of each. */
const valuesOf = (text: string): ReadonlyMap<string, string> => {
  const values = new Map<string, string>();
  let isInside = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('[')) isInside = line.trim() === SECTION;
    const at = line.indexOf('=');
    if (isInside && at > 0 && !/^[#;]/.test(line)) values.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return values;
};

const isNumber = (text: string): boolean => /^\d{1,19}$/.test(text);

/** Reads one; `undefined` if it is none. */
export const parseQuestion = (text: string): Question | undefined => {
  const values = valuesOf(text);
  const socket = values.get('Socket') ?? '';
  const pid = values.get('PID') ?? '';
  const notAfter = values.get('NotAfter') ?? '0';
  if (!socket.startsWith('/') || socket.includes('\0') || !isNumber(pid) || Number(pid) < 1 || !isNumber(notAfter)) {
    return undefined;
  }
  const notAfterUs = BigInt(notAfter);
  return {
    socket,
    pid: Number(pid),
    notAfterUs: notAfterUs === 0n ? undefined : notAfterUs,
    id: values.get('Id') ?? '',
  };
};

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};

/** Whether somebody still waits for the answer. */
export const isOpen = ({ pid, notAfterUs }: Question): boolean => {
  // Node.js reads CLOCK_MONOTONIC.
  const isLate = notAfterUs !== undefined && process.hrtime.bigint() / 1000n > notAfterUs;
  return !isLate && isThere(pid);
};

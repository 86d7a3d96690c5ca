// The few calls of the C library that Node.js lacks. Loaded at the first use: a command that needs none does not pay for it.
// prctl(2), getrlimit(2), fcntl(2), flock(2), socket(2), getpwnam(3), getgrnam(3); constants of Linux, the same on amd64 and arm64.

import { createRequire } from 'node:module';

/** An account as getpwnam(3) knows it. */
interface PasswordEntry {
  readonly pw_name: string;
  readonly pw_uid: number;
  readonly pw_gid: number;
}

/** A group as getgrnam(3) knows it. */
interface GroupEntry {
  readonly gr_name: string;
  readonly gr_gid: number;
}

/** The calls as they are bound. Those that fail return -1 (or null); `errno()` directly afterwards says why. */
interface Libc {
  readonly errno: () => number;
  readonly errnoName: (errno: number) => string;
  readonly prctl: (option: number, argument: number) => number;
  /** Permitted, effective and inheritable become exactly these, as bits below 32. capset(2) */
  readonly setOnlyCapability: (bits: number) => number;
  readonly raiseAmbient: (capability: number) => number;
  readonly setCoreLimit: (bytes: number) => number;
  /** The soft and the hard limit. */
  readonly coreLimit: () => readonly [number, number];
  readonly fcntl: (descriptor: number, command: number, argument: number) => number;
  readonly flock: (descriptor: number, operation: number) => number;
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly connect: (descriptor: number, address: Uint8Array, length: number) => number;
  readonly getsockopt: (
    descriptor: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: Uint32Array,
  ) => number;
  readonly getpeername: (descriptor: number, address: Uint8Array, length: Uint32Array) => number;
  readonly send: (descriptor: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly accountEntry: (name: string) => PasswordEntry | undefined;
  readonly groupEntry: (name: string) => GroupEntry | undefined;
}

const rlimitCore = 4;
const prCapAmbient = 47;
const prCapAmbientRaise = 2;
/** _LINUX_CAPABILITY_VERSION_3, of the calling thread. */
const capabilityHeader = new Uint32Array([0x20080522, 0]);

const bindLibc = (): Libc => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const c = koffi.load('libc.so.6');
  const passwordEntry = koffi.struct({
    pw_name: 'str',
    pw_passwd: 'str',
    pw_uid: 'uint32',
    pw_gid: 'uint32',
    pw_gecos: 'str',
    pw_dir: 'str',
    pw_shell: 'str',
  });
  const groupEntry = koffi.struct({ gr_name: 'str', gr_passwd: 'str', gr_gid: 'uint32', gr_mem: 'void *' });
  // Plain `long` arguments: prctl is variadic with unsigned longs, and every argument it does not use must be zero.
  const prctl = c.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)');
  const setrlimit = c.func('int setrlimit(int, const uint64_t *)');
  const getrlimit = c.func('int getrlimit(int, _Out_ uint64_t *)');
  const getpwnam = c.func('void *getpwnam(const char *)');
  const getgrnam = c.func('void *getgrnam(const char *)');
  const capset = c.func('int capset(const uint32_t *, const uint32_t *)');
  const fcntl = c.func('int fcntl(int, int, ...)');
  const names = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));
  return {
    errno: () => koffi.errno(),
    errnoName: (errno) => names.get(errno) ?? `errno ${errno}`,
    prctl: (option, argument) => prctl(option, argument, 0, 0, 0),
    setOnlyCapability: (bits) => capset(capabilityHeader, new Uint32Array([bits, bits, bits, 0, 0, 0])),
    raiseAmbient: (capability) => prctl(prCapAmbient, prCapAmbientRaise, capability, 0, 0),
    setCoreLimit: (bytes) => setrlimit(rlimitCore, new BigUint64Array([BigInt(bytes), BigInt(bytes)])),
    coreLimit: () => {
      const limits = new BigUint64Array(2);
      if (getrlimit(rlimitCore, limits) !== 0) return [-1, -1];
      return [Number(limits[0]), Number(limits[1])];
    },
    fcntl: (descriptor, command, argument) => fcntl(descriptor, command, 'int', argument),
    flock: c.func('int flock(int, int)'),
    socket: c.func('int socket(int, int, int)'),
    connect: c.func('int connect(int, const uint8_t *, uint32_t)'),
    getsockopt: c.func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)'),
    getpeername: c.func('int getpeername(int, _Out_ uint8_t *, _Inout_ uint32_t *)'),
    send: c.func('intptr_t send(int, const uint8_t *, size_t, int)'),
    accountEntry: (name) => {
      const found = getpwnam(name);
      return found === null ? undefined : (koffi.decode(found, passwordEntry) as PasswordEntry);
    },
    groupEntry: (name) => {
      const found = getgrnam(name);
      return found === null ? undefined : (koffi.decode(found, groupEntry) as GroupEntry);
    },
  };
};

let bound: Libc | undefined;

/** The bound calls. Throws where there is no glibc. */
export const libc = (): Libc => {
  bound ??= bindLibc();
  return bound;
};

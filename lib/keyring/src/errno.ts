// The errors of the key facility, with their numbers. Node.js does not know those from ENOKEY on, so the table is our own.
// errno(3), keyctl(2); the numbers are those of every Linux that koffi runs on.

const table = [
  [1, 'EPERM', 'not permitted'],
  [2, 'ENOENT', 'no such entry'],
  [3, 'ESRCH', 'no such process'],
  [4, 'EINTR', 'interrupted'],
  [5, 'EIO', 'input or output failed'],
  [7, 'E2BIG', 'too large'],
  [12, 'ENOMEM', 'out of memory'],
  [13, 'EACCES', 'a permission on the key is missing'],
  [14, 'EFAULT', 'bad address'],
  [16, 'EBUSY', 'busy'],
  [17, 'EEXIST', 'exists already'],
  [19, 'ENODEV', 'the kernel does not know this type of key'],
  [20, 'ENOTDIR', 'not a keyring'],
  [22, 'EINVAL', 'not valid'],
  [23, 'ENFILE', 'the keyring is full'],
  [24, 'EMFILE', 'too many'],
  [34, 'ERANGE', 'out of range'],
  [35, 'EDEADLK', 'a keyring would contain itself'],
  [36, 'ENAMETOOLONG', 'the name is too long'],
  [38, 'ENOSYS', 'this kernel has no keys'],
  [40, 'ELOOP', 'keyrings nested too deeply'],
  [65, 'ENOPKG', 'the kernel lacks the algorithm'],
  [74, 'EBADMSG', 'the kernel cannot read a payload of this form'],
  [75, 'EOVERFLOW', 'too much data for the key'],
  [95, 'EOPNOTSUPP', 'this type of key cannot do that'],
  [122, 'EDQUOT', 'the quota for keys is used up'],
  [126, 'ENOKEY', 'no such key'],
  [127, 'EKEYEXPIRED', 'the key has expired'],
  [128, 'EKEYREVOKED', 'the key was revoked'],
  [129, 'EKEYREJECTED', 'the key was rejected'],
] as const;

/** The name of an error of the kernel, such as `ENOKEY`; `E` and a number for one that is not in the table. */
export type ErrnoName = (typeof table)[number][1] | `E${number}`;

const byNumber = new Map<number, (typeof table)[number]>(table.map((row) => [row[0], row]));

/** The name of an error number. */
export const errnoName = (errno: number): ErrnoName => byNumber.get(errno)?.[1] ?? `E${errno}`;

/** What an error number means, in words. */
export const errnoText = (errno: number): string => byNumber.get(errno)?.[2] ?? 'unknown error';

// The internet sockets of a process, whatever their protocol. proc(5)

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const tables = ['tcp', 'tcp6', 'udp', 'udp6', 'udplite', 'udplite6', 'raw', 'raw6', 'icmp', 'icmp6', 'packet'];

/** The inode is in another column of `packet`, which is last there. */
const inodesOf = (pid: number, table: string): readonly string[] => {
  const lines = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1);
  return lines.map(
    (line) =>
      line
        .trim()
        .split(/\s+/)
        .at(table === 'packet' ? -1 : 9) ?? '',
  );
};

/** The inodes of those that are open now. */
export const internetSocketsOf = (pid: number): readonly string[] => {
  const present = new Set(readdirSync(`/proc/${pid}/net`));
  const internet = new Set(tables.filter((table) => present.has(table)).flatMap((table) => inodesOf(pid, table)));
  return readdirSync(`/proc/${pid}/fd`)
    .map((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? '';
      } catch {
        return '';
      }
    })
    .filter((inode) => internet.has(inode));
};

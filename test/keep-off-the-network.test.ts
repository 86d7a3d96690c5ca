// The process that holds every secret has no way to the network: not one of its descriptors is an internet socket.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { startDevInstance } from './support/dev-instance.ts';
import { Scratch } from './support/scratch.ts';

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

const internetSocketsOf = (pid: number): readonly string[] => {
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

test('the keep holds no internet socket, and the gate holds the one it listens on', async () => {
  await using scratch = new Scratch();
  const instance = await startDevInstance(scratch);
  await instance.run(['status']);
  assert.deepEqual(internetSocketsOf(instance.pidOf('keep')), []);
  assert.ok(internetSocketsOf(instance.pidOf('gate')).length > 0, 'the method sees the sockets of the gate');
});

// The log as syslog datagrams: `<priority>Mmm dd hh:mm:ss name[pid]: text`, facility daemon, as syslog(3) writes them.
// Invariant: an entry is one line and never waits; if nobody listens it goes to standard error, and if the daemon does not keep up
// it is lost and the next one says so. RFC 3164

import type { DestinationStream } from 'pino';
import { openDatagramSocket } from './datagram-socket.ts';
import { standardError } from './standard-error.ts';

const facilityDaemon = 3 * 8;
const severities: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const longestBytes = 8192;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const timestamp = (at: Date): string => {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = String(at.getDate()).padStart(2, ' ');
  return `${months[at.getMonth()]} ${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
};

/** The datagram for one JSON entry; its level sets the severity. Longer ones are cut at 8 KiB. */
export const syslogDatagram = (ident: string, json: string, at: Date): Uint8Array => {
  const level = /^\{"level":"(\w+)"/.exec(json)?.[1] ?? 'info';
  const priority = facilityDaemon + (severities[level] ?? 6);
  const text = `<${priority}>${timestamp(at)} ${ident}[${process.pid}]: ${json.trimEnd()}`;
  return Buffer.from(text, 'utf8').subarray(0, longestBytes);
};

/** @param path the daemon's socket; /dev/log but in tests. */
export const openSyslog = (ident: string, path = '/dev/log'): DestinationStream => {
  const socket = openDatagramSocket(path);
  let lost = 0;
  const send = (json: string): boolean => {
    const outcome = socket.send(syslogDatagram(ident, json, new Date()));
    if (outcome === 'absent') standardError.write(json);
    return outcome !== 'full';
  };
  return {
    write: (json) => {
      if (lost > 0 && send(`{"level":"warn","lost":${lost},"msg":"entries were lost: the log daemon did not keep up"}`))
        lost = 0;
      if (!send(json)) lost += 1;
    },
  };
};

// Looks for Mandos servers on the local network by multicast DNS, without a daemon and without publishing anything: one-shot queries
// from a port of one's own, on each interface, over IPv6 and IPv4, again and again for ever; what comes back is an answer to that
// socket alone. Why not Avahi: no boot image has it, or the bus it is asked over. RFC 6762, 5.1 and 5.4; RFC 6763

import dgram from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { type ServerAddress, withScope } from '../options/server-address.ts';
import {
  type DnsRecord,
  type DomainName,
  decodeAnswer,
  encodeQuery,
  isSameName,
  type Question,
} from './dns-message.ts';

export interface BrowseOptions {
  /** Names of interfaces. */
  readonly interfaces: readonly string[];
  /** A server was found; the same one is told again and again. */
  readonly onServer: (server: ServerAddress) => void;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const SERVICE: DomainName = ['_mandos', '_tcp', 'local'];
const PORT = 5353;
const groups = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const;
/** RFC 6762, 11 */
const TTL = 255;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const MOST_SERVICES = 64;
/** Until the next turn; an answer that lacks something shall not make two programs talk without end. */
const MOST_FOLLOW_UPS = 16;

type Family = 'udp4' | 'udp6';

/** What is known of the services on one interface in one address family. */
class Findings {
  readonly #wanted: 'A' | 'AAAA';
  readonly #services = new Map<string, DomainName>();
  #records: readonly DnsRecord[] = [];

  constructor(family: Family) {
    this.#wanted = family === 'udp4' ? 'A' : 'AAAA';
  }

  /** Takes in an answer; gives the servers it completes, and what is still to be asked. */
  take(records: readonly DnsRecord[]): {
    readonly servers: readonly ServerAddress[];
    readonly questions: readonly Question[];
  } {
    this.#records = [...records, ...this.#records].slice(0, 4 * MOST_SERVICES);
    for (const record of records) {
      if (record.type === 'PTR' && isSameName(record.name, SERVICE) && this.#services.size < MOST_SERVICES) {
        this.#services.set(record.target.join('.').toLowerCase(), record.target);
      }
    }
    const servers: ServerAddress[] = [];
    const questions: Question[] = [];
    for (const name of this.#services.values()) {
      const service = this.#records.find((record) => record.type === 'SRV' && isSameName(record.name, name));
      if (service?.type !== 'SRV') {
        questions.push({ name, type: 'SRV' });
        continue;
      }
      const addresses = this.#records.flatMap((record) =>
        record.type === this.#wanted && isSameName(record.name, service.target) ? [record.address] : [],
      );
      if (addresses.length === 0) questions.push({ name: service.target, type: this.#wanted });
      if (service.port > 0) servers.push(...addresses.map((host) => ({ host, port: service.port })));
    }
    return { servers, questions };
  }
}

/** Asks on one interface; its socket is opened anew at each turn until that works: the interface may not have an address yet. */
class InterfaceBrowser {
  readonly #name: string;
  readonly #family: Family;
  readonly #options: BrowseOptions;
  readonly #findings: Findings;
  #socket: dgram.Socket | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #followUps = 0;

  constructor(name: string, family: Family, options: BrowseOptions) {
    this.#name = name;
    this.#family = family;
    this.#options = options;
    this.#findings = new Findings(family);
    options.signal.addEventListener('abort', () => this.#stop());
    this.#turn();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
  }

  #turn(): void {
    if (this.#options.signal.aborted) return;
    this.#followUps = 0;
    this.#ask([{ name: SERVICE, type: 'PTR' }]);
    this.#timer = setTimeout(() => this.#turn(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }

  /** What names the interface to the kernel; `undefined` while it has no address. */
  #outgoing(): string | undefined {
    if (this.#family === 'udp6') return `::%${this.#name}`;
    return networkInterfaces()[this.#name]?.find(({ family }) => family === 'IPv4')?.address;
  }

  #open(then: (socket: dgram.Socket) => void): void {
    if (this.#socket !== undefined) {
      then(this.#socket);
      return;
    }
    const outgoing = this.#outgoing();
    if (outgoing === undefined) return;
    const socket = dgram.createSocket({ type: this.#family, ...(this.#family === 'udp6' && { ipv6Only: true }) });
    const drop = (): void => {
      if (this.#socket === socket) this.#socket = undefined;
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      try {
        socket.close();
      } catch {
        // It is closed already.
      }
    };
    socket.on('error', drop);
    socket.on('message', (bytes) => this.#take(bytes));
    socket.bind(0, () => {
      try {
        socket.setMulticastInterface(outgoing);
        socket.setMulticastTTL(TTL);
      } catch {
        drop();
        return;
      }
      this.#socket = socket;
      if (this.#options.signal.aborted) this.#stop();
      else then(socket);
    });
  }

  #ask(questions: readonly Question[]): void {
    this.#open((socket) => {
      // What cannot be sent now is sent at the next turn.
      socket.send(encodeQuery(questions), PORT, groups[this.#family], () => undefined);
    });
  }

  #take(bytes: Buffer): void {
    const records = decodeAnswer(bytes);
    if (records === undefined) return;
    const { servers, questions } = this.#findings.take(records);
    for (const server of servers) this.#options.onServer(withScope(server, this.#name));
    if (questions.length > 0 && this.#followUps++ < MOST_FOLLOW_UPS) this.#ask(questions);
  }
}

/** Looks until the signal; never rejects. */
export const browse = (options: BrowseOptions): void => {
  for (const name of options.interfaces) {
    for (const family of ['udp6', 'udp4'] as const) new InterfaceBrowser(name, family, options);
  }
};

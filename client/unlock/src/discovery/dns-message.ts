// The part of DNS messages that finding a service takes: questions out, records in. Whatever comes over the network is read strictly:
// a message that is not in form is none. A name's pointer only ever leads backwards, so that reading ends.
// RFC 1035, 4.1; RFC 6762, 18; RFC 2782

type RecordType = 'A' | 'PTR' | 'AAAA' | 'SRV';

const typeNumber = { A: 1, PTR: 12, AAAA: 28, SRV: 33 } as const;
const CLASS_IN = 1;
/** "The answer may come to me alone": in a question, the top bit of the class; in a record the same bit means "flush". */
const TOP_BIT = 0x8000;
const HEADER_BYTES = 12;
const RESPONSE = 0x8000;
const MAX_NAME_BYTES = 255;
const MAX_RECORDS = 256;

/** A domain name: its labels, as they are. */
export type DomainName = readonly string[];

export interface Question {
  readonly name: DomainName;
  readonly type: RecordType;
}

export type DnsRecord = { readonly name: DomainName } & (
  | { readonly type: 'PTR'; readonly target: DomainName }
  | { readonly type: 'SRV'; readonly target: DomainName; readonly port: number }
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
);

/** Whether two names are the same: DNS does not tell capitals apart. RFC 4343 */
export const isSameName = (one: DomainName, other: DomainName): boolean =>
  one.length === other.length && one.every((label, at) => label.toLowerCase() === other[at]?.toLowerCase());

const encodeName = (name: DomainName): Buffer =>
  Buffer.concat([
    ...name.map((label) => {
      const bytes = Buffer.from(label, 'latin1');
      return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    }),
    Buffer.from([0]),
  ]);

/** A query that asks these questions. Labels have 1 to 63 bytes. */
export const encodeQuery = (questions: readonly Question[]): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(questions.length, 4);
  return Buffer.concat([
    header,
    ...questions.map(({ name, type }) => {
      const tail = Buffer.alloc(4);
      tail.writeUInt16BE(typeNumber[type], 0);
      tail.writeUInt16BE(CLASS_IN | TOP_BIT, 2);
      return Buffer.concat([encodeName(name), tail]);
    }),
  ]);
};

/** Not in form. */
class MalformedError extends Error {}

class Reader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    const value = this.#bytes[this.at++];
    if (value === undefined) throw new MalformedError();
    return value;
  }

  u16(): number {
    return (this.u8() << 8) | this.u8();
  }

  take(count: number): Buffer {
    if (this.at + count > this.#bytes.length) throw new MalformedError();
    const taken = this.#bytes.subarray(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  name(): DomainName {
    const labels: string[] = [];
    let size = 0;
    let end: number | undefined;
    let earliest = this.at;
    for (;;) {
      const length = this.u8();
      if ((length & 0xc0) === 0xc0) {
        const target = ((length & 0x3f) << 8) | this.u8();
        end ??= this.at;
        if (target >= earliest) throw new MalformedError();
        earliest = target;
        this.at = target;
        continue;
      }
      if (length > 63) throw new MalformedError();
      if (length === 0) break;
      size += length + 1;
      if (size > MAX_NAME_BYTES) throw new MalformedError();
      labels.push(this.take(length).toString('latin1'));
    }
    this.at = end ?? this.at;
    return labels;
  }
}

const addressOf = (type: 'A' | 'AAAA', data: Buffer): string => {
  if (data.length !== (type === 'A' ? 4 : 16)) throw new MalformedError();
  if (type === 'A') return [...data].join('.');
  const groups = Array.from({ length: 8 }, (_, at) => data.readUInt16BE(2 * at).toString(16));
  return groups.join(':');
};

const readRecord = (reader: Reader): DnsRecord | undefined => {
  const name = reader.name();
  const type = reader.u16();
  const dnsClass = reader.u16() & ~TOP_BIT;
  reader.take(4);
  const size = reader.u16();
  const end = reader.at + size;
  const read = (): DnsRecord | undefined => {
    if (dnsClass !== CLASS_IN) return undefined;
    if (type === typeNumber.PTR) return { name, type: 'PTR', target: reader.name() };
    if (type === typeNumber.A) return { name, type: 'A', address: addressOf('A', reader.take(size)) };
    if (type === typeNumber.AAAA) return { name, type: 'AAAA', address: addressOf('AAAA', reader.take(size)) };
    if (type !== typeNumber.SRV) return undefined;
    reader.take(4);
    const port = reader.u16();
    return { name, type: 'SRV', port, target: reader.name() };
  };
  const record = read();
  if (record !== undefined && reader.at !== end) throw new MalformedError();
  reader.at = end;
  return record;
};

/** The records of an answer, of the types that are known here; `undefined` if it is no answer, or not in form. */
export const decodeAnswer = (bytes: Buffer): readonly DnsRecord[] | undefined => {
  try {
    const reader = new Reader(bytes);
    reader.take(2);
    const flags = reader.u16();
    if ((flags & RESPONSE) === 0 || (flags & 0x780f) !== 0) return undefined;
    const questions = reader.u16();
    const count = reader.u16() + reader.u16() + reader.u16();
    if (questions > MAX_RECORDS || count > MAX_RECORDS) return undefined;
    for (let question = 0; question < questions; question++) {
      reader.name();
      reader.take(4);
    }
    const records: DnsRecord[] = [];
    for (let at = 0; at < count; at++) {
      const record = readRecord(reader);
      if (record !== undefined) records.push(record);
    }
    return records;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
};

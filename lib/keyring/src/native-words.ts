// Structures for the kernel, written in the order of bytes and the width of addresses of this processor.

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The width of an address and of a `size_t`. */
export const WORD_BYTES = /64|s390x/.test(process.arch) ? 8 : 4;

/** Writes an `int` or `unsigned int` at `at`. */
export const putInt = (into: Buffer, at: number, value: number): void => {
  if (isLittle) into.writeInt32LE(value | 0, at);
  else into.writeInt32BE(value | 0, at);
};

/** Reads an `int`. */
export const getInt = (from: Buffer, at: number): number => (isLittle ? from.readInt32LE(at) : from.readInt32BE(at));

/** Reads an `unsigned short`. */
export const getShort = (from: Buffer, at: number): number =>
  isLittle ? from.readUInt16LE(at) : from.readUInt16BE(at);

/** Writes an address or a size. */
export const putWord = (into: Buffer, at: number, value: bigint): void => {
  if (WORD_BYTES === 4) putInt(into, at, Number(BigInt.asIntN(32, value)));
  else if (isLittle) into.writeBigUInt64LE(value, at);
  else into.writeBigUInt64BE(value, at);
};

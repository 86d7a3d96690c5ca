// A fixed piece of memory that both sides of the fence know: here as a Buffer, there by its address. Copying between
// addresses costs neither an allocation nor a conversion.

import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const memcpy: (to: number, from: number, sizeBytes: number) => void = libc.func('memcpy', 'void', [
  'uintptr_t',
  'uintptr_t',
  'size_t',
]);

/** Lives as long as the process: its address must never dangle. */
export class NativeBox {
  readonly bytes: Buffer;
  readonly #address: number;

  /** @param sizeBytes at least 4,096, so that the memory lies outside the heap that V8 moves */
  constructor(sizeBytes: number) {
    if (sizeBytes < 4_096) throw new RangeError('a native box is at least 4,096 bytes');
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes);
    this.#address = Number(koffi.address(this.bytes));
  }

  /** Copies from an address into the box. */
  load(at: number, from: number, sizeBytes: number): void {
    if (at + sizeBytes > this.bytes.length) throw new RangeError('beyond the end of the box');
    memcpy(this.#address + at, from, sizeBytes);
  }

  /** Copies from the box to an address. */
  store(at: number, to: number, sizeBytes: number): void {
    if (at + sizeBytes > this.bytes.length) throw new RangeError('beyond the end of the box');
    memcpy(to, this.#address + at, sizeBytes);
  }
}

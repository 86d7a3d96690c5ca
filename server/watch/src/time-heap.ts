// Things that are due at moments, the earliest first. Invariant: each thing is in it at most once; adding, moving and taking
// out cost the logarithm of their number.

/** A binary heap that knows where each thing is. */
export class TimeHeap<Thing> {
  readonly #things: Thing[] = [];
  readonly #times: number[] = [];
  readonly #places = new Map<Thing, number>();

  get size(): number {
    return this.#things.length;
  }

  /** The earliest moment; infinity if there is none. */
  get firstAtMs(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** The thing that is due first. */
  get first(): Thing | undefined {
    return this.#things[0];
  }

  /** When a thing is due. */
  atMs(thing: Thing): number | undefined {
    const place = this.#places.get(thing);
    return place === undefined ? undefined : this.#times[place];
  }

  /** Adds a thing, or moves it. */
  set(thing: Thing, atMs: number): void {
    const place = this.#places.get(thing) ?? this.#things.length;
    this.#put(place, thing, atMs);
    this.#settle(place);
  }

  delete(thing: Thing): void {
    const place = this.#places.get(thing);
    if (place === undefined) return;
    this.#places.delete(thing);
    const [last, lastAtMs] = [this.#things.pop(), this.#times.pop()];
    if (last === undefined || lastAtMs === undefined || place === this.#things.length) return;
    this.#put(place, last, lastAtMs);
    this.#settle(place);
  }

  #put(place: number, thing: Thing, atMs: number): void {
    this.#things[place] = thing;
    this.#times[place] = atMs;
    this.#places.set(thing, place);
  }

  #time(place: number): number {
    return this.#times[place] ?? Number.POSITIVE_INFINITY;
  }

  /** Moves what is at a place up or down to where it belongs. */
  #settle(start: number): void {
    const [thing, atMs] = [this.#things[start], this.#time(start)];
    if (thing === undefined) return;
    let place = start;
    for (let parent = (place - 1) >> 1; place > 0 && this.#time(parent) > atMs; parent = (place - 1) >> 1) {
      this.#put(place, this.#things[parent] as Thing, this.#time(parent));
      place = parent;
    }
    for (;;) {
      let child = 2 * place + 1;
      if (this.#time(child + 1) < this.#time(child)) child++;
      if (this.#time(child) >= atMs) break;
      this.#put(place, this.#things[child] as Thing, this.#time(child));
      place = child;
    }
    this.#put(place, thing, atMs);
  }
}

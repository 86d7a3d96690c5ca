// One computation for all who ask for the same thing at the same time.

interface Flight<Result> {
  readonly result: Promise<Result>;
  passengers: number;
}

/** Lets those who ask for the same name share one computation. Each gets a copy; the last one to leave disposes of the original. */
export class SingleFlight<Result> {
  readonly #flights = new Map<string, Flight<Result>>();
  readonly #copy: (result: Result) => Result;
  readonly #dispose: (result: Result) => void;

  constructor(copy: (result: Result) => Result, dispose: (result: Result) => void) {
    this.#copy = copy;
    this.#dispose = dispose;
  }

  /** Joins the computation of that name, or begins it. */
  async join(name: string, compute: () => Promise<Result>): Promise<Result> {
    let flight = this.#flights.get(name);
    if (flight === undefined) {
      flight = { result: compute(), passengers: 0 };
      this.#flights.set(name, flight);
    }
    flight.passengers++;
    try {
      return this.#copy(await flight.result);
    } finally {
      // Whoever asks from here on asks anew: what was computed is stored, or was refused.
      if (this.#flights.get(name) === flight) this.#flights.delete(name);
      if (--flight.passengers === 0) await flight.result.then(this.#dispose, () => undefined);
    }
  }
}

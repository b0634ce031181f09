import type { Amounts } from "@bellows/aws";

/** Amounts as numbers at fixed places, so that comparing them is a loop over an array. One for each packing. */
export class Resources {
  readonly #places = new Map<string, number>();

  /** @param all  everything that may be asked for; what nobody asks for needs no place */
  constructor(all: Iterable<Amounts>) {
    for (const amounts of all) {
      for (const name in amounts) if (!this.#places.has(name)) this.#places.set(name, this.#places.size);
    }
  }

  get size(): number {
    return this.#places.size;
  }

  vector(amounts: Amounts): Float64Array {
    const vector = new Float64Array(this.#places.size);
    for (const name in amounts) {
      const place = this.#places.get(name);
      if (place !== undefined) vector[place] = amounts[name] as number;
    }
    return vector;
  }

  amounts(vector: Float64Array): Record<string, number> {
    const amounts: Record<string, number> = {};
    for (const [name, place] of this.#places) if (vector[place] !== 0) amounts[name] = vector[place] as number;
    return amounts;
  }
}

/** Whether `taken` and `more` together are no more than `room`. */
export function hasRoom(room: Float64Array, taken: Float64Array, more: Float64Array): boolean {
  for (let place = 0; place < room.length; place++) {
    if ((taken[place] as number) + (more[place] as number) > (room[place] as number)) return false;
  }
  return true;
}

export function addTo(taken: Float64Array, more: Float64Array): void {
  for (let place = 0; place < taken.length; place++) taken[place] = (taken[place] as number) + (more[place] as number);
}

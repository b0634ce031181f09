/** The keys of a resource in their order, with the range of a prefix found by bisection. */
export class SortedKeys {
  readonly #keys: string[];

  /** @param keys in any order, without repeats; taken over, not copied */
  constructor(keys: string[] = []) {
    this.#keys = keys.sort();
  }

  get length(): number {
    return this.#keys.length;
  }

  at(index: number): string {
    return this.#keys[index] as string;
  }

  add(key: string): void {
    const keys = this.#keys;
    const last = keys[keys.length - 1];
    if (last === undefined || key > last) keys.push(key);
    else {
      const index = this.indexOf(key);
      if (keys[index] !== key) keys.splice(index, 0, key);
    }
  }

  remove(key: string): void {
    const index = this.indexOf(key);
    if (this.#keys[index] === key) this.#keys.splice(index, 1);
  }

  /** The index of the first key that is `key` or sorts after it. */
  indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Reserved in every subnet of a VPC: the network, the router, DNS, future use; and the broadcast address. */
const reservedAtStart = 4;
const reservedAtEnd = 1;

/** The IPv4 addresses of a subnet, shared by its nodes and their pods. */
export class IpPool {
  readonly cidr: string;
  readonly #base: number;
  readonly #size: number;
  readonly #used = new Set<number>();

  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    const bits = Number(match?.[5]);
    if (!match || bits < 16 || bits > 28) throw new RangeError(`${cidr}: expected an IPv4 block between /16 and /28`);
    this.cidr = cidr;
    this.#base = match.slice(1, 5).reduce((sum, part) => sum * 256 + Number(part), 0);
    this.#size = 2 ** (32 - bits);
  }

  get available(): number {
    return this.#size - reservedAtStart - reservedAtEnd - this.#used.size;
  }

  /** A free address near where `fraction` (in [0, 1)) falls in the block; undefined where all are taken. */
  take(fraction: number): string | undefined {
    const count = this.#size - reservedAtStart - reservedAtEnd;
    if (this.#used.size >= count) return undefined;
    let offset = Math.floor(fraction * count);
    while (this.#used.has(offset + reservedAtStart)) offset = (offset + 1) % count;
    this.#used.add(offset + reservedAtStart);
    return this.#text(offset + reservedAtStart);
  }

  /** Takes a certain address, such as one that a recovered pod has. */
  claim(address: string): void {
    const offset = this.#offset(address);
    if (offset !== undefined) this.#used.add(offset);
  }

  release(address: string): void {
    const offset = this.#offset(address);
    if (offset !== undefined) this.#used.delete(offset);
  }

  includes(address: string): boolean {
    return this.#offset(address) !== undefined;
  }

  #offset(address: string): number | undefined {
    const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const offset = value - this.#base;
    return offset >= 0 && offset < this.#size ? offset : undefined;
  }

  #text(offset: number): string {
    const value = this.#base + offset;
    return [value / 2 ** 24, value / 2 ** 16, value / 2 ** 8, value].map((part) => Math.floor(part) % 256).join(".");
  }
}

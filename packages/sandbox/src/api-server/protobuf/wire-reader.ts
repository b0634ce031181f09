/** Reads the fields of one protobuf message in order. Throws a RangeError where the bytes end too early. */
export class WireReader {
  readonly #buffer: Buffer;
  #at = 0;
  #wire = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** The next field's number and wire type; its value is then read, or skipped. Undefined at the end. */
  next(): { readonly number: number; readonly wire: number } | undefined {
    if (this.#at >= this.#buffer.length) return undefined;
    const tag = Number(this.varint());
    this.#wire = tag & 7;
    return { number: tag >>> 3, wire: this.#wire };
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#buffer[this.#at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number does not end");
  }

  bytes(): Buffer {
    const length = Number(this.varint());
    const end = this.#at + length;
    if (end > this.#buffer.length) throw new RangeError("a field is longer than the message");
    const bytes = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  double(): number {
    this.#at += 8;
    if (this.#at > this.#buffer.length) throw new RangeError("a number does not end");
    return this.#buffer.readDoubleLE(this.#at - 8);
  }

  skip(): void {
    switch (this.#wire) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#at += 8;
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.#at += 4;
        return;
      default:
        throw new RangeError(`wire type ${this.#wire}`);
    }
  }
}

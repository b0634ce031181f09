/** Writes protobuf messages: just the wire types that the documents need. Empty values are left out, as proto3 does. */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];

  text(field: number, value: string | undefined): this {
    return value === undefined || value === "" ? this : this.bytes(field, Buffer.from(value));
  }

  texts(field: number, values: readonly string[]): this {
    for (const value of values) this.bytes(field, Buffer.from(value));
    return this;
  }

  flag(field: number, value: boolean | undefined): this {
    if (value) this.#chunks.push(varint(field << 3), varint(1));
    return this;
  }

  integer(field: number, value: number | undefined): this {
    if (value) this.#chunks.push(varint(field << 3), varint(value));
    return this;
  }

  double(field: number, value: number | undefined): this {
    if (!value) return this;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#chunks.push(varint((field << 3) | 1), bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#chunks.push(varint((field << 3) | 2), varint(value.length), value);
    return this;
  }

  /** A message inside this one; written even where it is empty, since its presence may mean something. */
  message(field: number, write: (inner: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

/** A number of at most 53 bits, seven bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A message longer than this closes the connection. */
const maxMessageBytes = 4 * 1024 * 1024;

/** Takes websocket frames (RFC 6455) apart as their bytes come in, and puts messages together. */
export class WebSocketFrames {
  readonly #message: (opcode: number, payload: Buffer) => void;
  #buffer: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];
  #fragmented = 0;

  constructor(message: (opcode: number, payload: Buffer) => void) {
    this.#message = message;
  }

  /** @returns false where the peer breaks the protocol */
  feed(bytes: Buffer): boolean {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const frame = this.#next();
      if (frame === undefined) return true;
      if (frame === "broken") return false;
      this.#take(frame);
    }
  }

  /** One unmasked frame, as a server sends them. */
  static encode(opcode: number, payload: Uint8Array): Buffer {
    const { length } = payload;
    const header = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
    header[0] = 0x80 | opcode;
    if (length < 126) header[1] = length;
    else if (length < 65_536) {
      header[1] = 126;
      header.writeUInt16BE(length, 2);
    } else {
      header[1] = 127;
      header.writeBigUInt64BE(BigInt(length), 2);
    }
    return Buffer.concat([header, payload]);
  }

  #next(): Frame | "broken" | undefined {
    const buffer = this.#buffer;
    if (buffer.length < 2) return undefined;
    const first = buffer[0] as number;
    const second = buffer[1] as number;
    let length = second & 0x7f;
    let offset = 2;
    if (length === 126) {
      if (buffer.length < 4) return undefined;
      length = buffer.readUInt16BE(2);
      offset = 4;
    } else if (length === 127) {
      if (buffer.length < 10) return undefined;
      length = Number(buffer.readBigUInt64BE(2));
      offset = 10;
    }
    const masked = (second & 0x80) !== 0;
    if (!masked || length > maxMessageBytes) return "broken";
    if (buffer.length < offset + 4 + length) return undefined;
    const mask = buffer.subarray(offset, offset + 4);
    const payload = Buffer.from(buffer.subarray(offset + 4, offset + 4 + length));
    for (let index = 0; index < length; index++)
      payload[index] = (payload[index] as number) ^ (mask[index & 3] as number);
    this.#buffer = buffer.subarray(offset + 4 + length);
    return { opcode: first & 0x0f, last: (first & 0x80) !== 0, payload };
  }

  #take({ opcode, last, payload }: Frame): void {
    if (opcode >= 8) {
      this.#message(opcode, payload);
      return;
    }
    if (opcode !== 0) {
      this.#fragmented = opcode;
      this.#fragments = [];
    }
    this.#fragments.push(payload);
    if (last) this.#message(this.#fragmented, Buffer.concat(this.#fragments));
  }
}

interface Frame {
  readonly opcode: number;
  readonly last: boolean;
  readonly payload: Buffer;
}

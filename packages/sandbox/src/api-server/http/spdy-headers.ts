import { once } from "node:events";
import { constants, createDeflate, createInflate } from "node:zlib";

const words =
  "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow " +
  "authorization cache-control connection content-base content-encoding content-language content-length " +
  "content-location content-md5 content-range content-type date etag expect expires from host if-match " +
  "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma " +
  "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade " +
  "user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie " +
  "keep-alive origin";

const rest =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505" +
  "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden" +
  "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable" +
  "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT" +
  "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript," +
  "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/** What SPDY/3 (draft 3, 2.6.10.1) primes the compression of headers with. */
const dictionary = Buffer.concat([
  ...words.split(" ").map((word) => lengthPrefixed(word.replace("_", " "))),
  Buffer.from(rest, "latin1"),
]);

/** A block of headers that is longer is nobody's who means well. */
const maxBlockBytes = 64 * 1024;

export type SpdyHeaders = Readonly<Record<string, string>>;

/** Takes the blocks of headers of one direction apart: each is compressed with what came before it. */
export class SpdyHeaderReader {
  readonly #inflate = createInflate({ dictionary });

  /** Blocks must be given one after the other, in the order of their frames. @throws where a block is broken */
  async read(compressed: Uint8Array): Promise<SpdyHeaders> {
    return parseBlock(await through(this.#inflate, compressed));
  }

  close(): void {
    this.#inflate.destroy();
  }
}

/** Makes the blocks of headers of one direction. */
export class SpdyHeaderWriter {
  readonly #deflate = createDeflate({ dictionary });

  async write(headers: SpdyHeaders): Promise<Buffer> {
    const entries = Object.entries(headers);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(entries.length);
    const block = entries.flatMap(([name, value]) => [lengthPrefixed(name), lengthPrefixed(value)]);
    return through(this.#deflate, Buffer.concat([count, ...block]));
  }

  close(): void {
    this.#deflate.destroy();
  }
}

async function through(
  stream: ReturnType<typeof createInflate> | ReturnType<typeof createDeflate>,
  bytes: Uint8Array,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxBlockBytes) chunks.push(chunk);
  };
  stream.on("data", take);
  try {
    await Promise.race([
      new Promise<void>((done) => {
        stream.write(bytes);
        stream.flush(constants.Z_SYNC_FLUSH, done);
      }),
      once(stream, "error").then(([error]) => Promise.reject(error)),
    ]);
  } finally {
    stream.off("data", take);
  }
  if (length > maxBlockBytes) throw new RangeError(`a block of headers of ${length} bytes`);
  return Buffer.concat(chunks);
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function parseBlock(block: Buffer): SpdyHeaders {
  let offset = 0;
  const next = () => {
    const length = block.readUInt32BE(offset);
    const start = offset + 4;
    offset = start + length;
    if (offset > block.length) throw new RangeError("a header that is cut off");
    return block.toString("latin1", start, offset);
  };
  const count = block.readUInt32BE(0);
  offset = 4;
  return Object.fromEntries(Array.from({ length: Math.min(count, 1000) }, () => [next(), next()]));
}

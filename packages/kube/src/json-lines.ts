import { StringDecoder } from "node:string_decoder";

/** Longest line taken: an object is at most some 1.5 MiB in etcd, and a few times that as JSON. */
const longestLine = 64 * 1024 * 1024;

/** Cuts a stream of bytes into its lines and decodes each; a character or a line may be spread over chunks. */
export class JsonLines {
  readonly #decoder = new StringDecoder("utf8");
  #parts: string[] = [];
  #length = 0;

  /** The values of the lines that this chunk completes. Throws a SyntaxError for a line that is no JSON. */
  *push(chunk: Buffer): Generator<unknown> {
    let text = this.#decoder.write(chunk);
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      this.#parts.push(text.slice(0, end));
      text = text.slice(end + 1);
      yield* this.#take();
    }
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length > longestLine) throw new RangeError(`a line of more than ${longestLine} characters`);
  }

  /** The last line, where the stream did not end with a newline. A line that was cut off is dropped. */
  *end(): Generator<unknown> {
    try {
      yield* this.#take();
    } catch {
      // The connection broke within a line; the watch that follows delivers it again.
    }
  }

  *#take(): Generator<unknown> {
    const line = this.#parts.join("").trim();
    this.#parts = [];
    this.#length = 0;
    if (line) yield JSON.parse(line);
  }
}

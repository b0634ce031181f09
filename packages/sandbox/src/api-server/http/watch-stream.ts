import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiResponse } from "../api-request.ts";
import type { WatchFrame, WatchSource } from "../rest/watch.ts";

/** A client that lets more than this pile up is too slow; it is cut off and will list again. */
const maxBufferedBytes = 16 * 1024 * 1024;

/** The text of an object, made once for all watches that carry it. */
const objectTexts = new WeakMap<object, string>();

function frameText({ type, object }: WatchFrame): string {
  let text = objectTexts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    if (Object.isFrozen(object)) objectTexts.set(object, text);
  }
  return `{"type":"${type}","object":${text}}\n`;
}

/** Sends a watch as one JSON document a line, in chunks as they come. */
export function streamWatch(
  _request: IncomingMessage,
  response: ServerResponse,
  answer: ApiResponse,
  source: WatchSource,
): void {
  response.writeHead(answer.status, { ...answer.headers, "cache-control": "no-cache, private" });
  response.flushHeaders();
  let lines: string[] = [];
  let waiting = 0;
  const flush = () => {
    const text = lines.join("");
    lines = [];
    waiting = 0;
    if (text && !response.destroyed) response.write(text);
  };
  const running = source.start({
    frame(frame) {
      if (response.destroyed) return;
      // What the requests of one turn change is sent in one go: a TLS record costs more than the event in it.
      if (lines.length === 0) setImmediate(flush);
      const line = frameText(frame);
      lines.push(line);
      waiting += line.length;
      if (response.writableLength + waiting > maxBufferedBytes) response.destroy();
    },
    end() {
      flush();
      response.end();
    },
  });
  response.on("close", () => running.stop());
  if (response.destroyed) running.stop();
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { stringify } from "yaml";
import type { ApiResponse } from "../api-request.ts";
import { streamText } from "./text-stream.ts";
import { streamWatch } from "./watch-stream.ts";

const compress = promisify(gzip);

/** Below this, compression costs more than it saves (kube-apiserver's threshold). */
const gzipFromBytes = 128 * 1024;

/** Writes an answer: a document, a watch, or text that grows. */
export async function respond(request: IncomingMessage, response: ServerResponse, answer: ApiResponse): Promise<void> {
  if (answer.watch) return streamWatch(request, response, answer, answer.watch);
  if (answer.stream) return streamText(response, answer, answer.stream);
  const document = written(request, answer);
  const headers: Record<string, string | number> = { "cache-control": "no-cache, private", ...answer.headers };
  if (document.contentType) headers["content-type"] = document.contentType;
  let bytes = typeof document.text === "string" ? Buffer.from(document.text, "utf8") : document.text;
  if (bytes.length >= gzipFromBytes && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""))) {
    bytes = await compress(bytes, { level: constants.Z_BEST_SPEED });
    headers["content-encoding"] = "gzip";
    headers.vary = "Accept-Encoding";
  }
  headers["content-length"] = bytes.length;
  if (response.destroyed) return;
  response.writeHead(answer.status, headers);
  response.end(request.method === "HEAD" || answer.status === 304 ? undefined : bytes);
}

function written(request: IncomingMessage, answer: ApiResponse): { text: string | Buffer; contentType?: string } {
  const { body } = answer;
  if (body === undefined) return { text: "" };
  if (typeof body === "string") return { text: body };
  if (body instanceof Uint8Array) return { text: Buffer.from(body) };
  const shown = answer.bareItems ? withBareItems(body as ItemList) : body;
  if (answer.headers["content-type"] === "application/yaml") return { text: stringify(shown, yamlStyle) };
  return { text: `${JSON.stringify(shown, undefined, isPretty(request) ? 2 : undefined)}\n` };
}

/** As sigs.k8s.io/yaml writes. */
const yamlStyle = { version: "1.1", aliasDuplicateObjects: false, sortMapEntries: true, indentSeq: false } as const;

interface ItemList {
  readonly items?: readonly object[];
}

/** What each item is, the list's own kind says. */
const withBareItems = (list: ItemList): ItemList => ({
  ...list,
  ...(list.items && { items: list.items.map((item) => ({ ...item, kind: undefined, apiVersion: undefined })) }),
});

/** As apiserver's `isPrettyPrint`: asked for, or a person is likely to look. */
function isPretty(request: IncomingMessage): boolean {
  const asked = /[?&]pretty(?:=([^&]*))?/.exec(request.url ?? "");
  if (asked) return asked[1] !== "false" && asked[1] !== "0";
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers["user-agent"] ?? "");
}

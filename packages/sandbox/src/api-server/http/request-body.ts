import type { IncomingMessage } from "node:http";
import { parseDocument } from "yaml";
import { badRequest, StatusError } from "../status-error.ts";

/** 3 MiB, the limit of kube-apiserver (twice that of etcd). */
const maxBodyBytes = 3 * 1024 * 1024;

/** The whole body; 413 where it is longer than the API server takes. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (request.method === "GET" || request.method === "HEAD") return Buffer.alloc(0);
  const tooLarge = () =>
    new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${maxBodyBytes}`);
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

/** A JSON value out of a body. */
export function parseBody(bytes: Buffer, format: "json" | "yaml", patch: boolean): unknown {
  const text = bytes.toString("utf8");
  if (format === "json") {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw badRequest(
        patch
          ? `error decoding patch: ${goSyntaxError(text, error)}`
          : `the object provided is unrecognized (must be of type unknown): couldn't get version/kind; json parse error: ${goSyntaxError(text, error)} (${hexStart(bytes)})`,
      );
    }
  }
  const document = parseDocument(text, { uniqueKeys: false, merge: true, version: "1.1" });
  const [problem] = document.errors;
  if (problem)
    throw badRequest(`error decoding YAML: yaml: line ${problem.linePos?.[0].line ?? 1}: ${problem.message.split("\n")[0]}`);
  return document.toJS({ maxAliasCount: 100 });
}

/** Go's words for what it met where it expected something else. */
function goSyntaxError(text: string, error: unknown): string {
  if (text.trim() === "" || /end of JSON/i.test(String(error)) || /Unterminated/i.test(String(error)))
    return "unexpected end of JSON input";
  const position = Number(/position (\d+)/.exec(String(error))?.[1] ?? 0);
  const character = text[position] ?? "";
  const quoted = character === "'" ? `'\\''` : `'${JSON.stringify(character).slice(1, -1)}'`;
  return `invalid character ${quoted} looking for beginning of value`;
}

const hexStart = (bytes: Buffer): string => `${bytes.subarray(0, 20).toString("hex")} ...`;

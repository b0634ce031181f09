import type { IncomingMessage } from "node:http";
import { parseDocument } from "yaml";
import { duplicateFields } from "../decode/index.ts";
import type { BodyFormat } from "../media-type.ts";
import { decodeProtobuf } from "../protobuf/decode-protobuf.ts";
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

/** A body's value, and what its text says that the value does not. */
export interface ParsedBody {
  readonly body: unknown;
  readonly duplicateFields?: () => readonly string[];
}

export function parseBody(bytes: Buffer, format: BodyFormat, patch: boolean): ParsedBody {
  if (format === "protobuf") return { body: decodeProtobuf(bytes) };
  const text = bytes.toString("utf8");
  if (format === "yaml") return parseYaml(text);
  try {
    return { body: JSON.parse(text), ...(!patch && { duplicateFields: () => duplicateFields(text) }) };
  } catch (error) {
    const problem = goSyntaxError(text, error);
    throw badRequest(
      patch
        ? `error decoding patch: ${problem}`
        : `couldn't get version/kind; json parse error: ${problem} (${text.length > 0 ? text.slice(0, 100) : "<empty>"})`,
    );
  }
}

function parseYaml(text: string): ParsedBody {
  const document = parseDocument(text, { uniqueKeys: false, merge: true, version: "1.1" });
  const [problem] = document.errors;
  if (problem)
    throw badRequest(
      `error decoding YAML: yaml: line ${problem.linePos?.[0].line ?? 1}: ${problem.message.split("\n")[0]}`,
    );
  return { body: document.toJS({ maxAliasCount: 100 }) };
}

/** Go's words for what it met where it expected something else. */
function goSyntaxError(text: string, error: unknown): string {
  const message = String(error);
  if (text.trim() === "" || /end of JSON|Unterminated|after property|in JSON at position \d+ \(end/i.test(message))
    return "unexpected end of JSON input";
  const position = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
  if (position >= text.trimEnd().length) return "unexpected end of JSON input";
  const character = text[position] ?? "";
  const quoted = character === "'" ? `'\\''` : `'${JSON.stringify(character).slice(1, -1)}'`;
  return `invalid character ${quoted} looking for beginning of value`;
}

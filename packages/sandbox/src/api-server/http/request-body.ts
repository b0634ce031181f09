import type { IncomingMessage } from "node:http";
import { parseAllDocuments, type YAMLParseError } from "yaml";
import type { ApiRequest, RepeatedField } from "../api-request.ts";
import { bodySummary } from "../body-summary.ts";
import { duplicateFields } from "../decode/index.ts";
import { jsonProblem } from "../json-syntax.ts";
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
export type ParsedBody = Pick<ApiRequest, "body" | "unreadable" | "duplicateFields">;

/** Reads an object. One that cannot be read is told of by whoever wants it, who knows what it should have been. */
export function parseBody(bytes: Buffer, format: BodyFormat): ParsedBody {
  if (format === "protobuf") return bytes.length === 0 ? {} : { body: decodeProtobuf(bytes) };
  const { value, problem } = format === "yaml" ? yamlValue(bytes) : jsonValue(bytes);
  const why = problem ?? notAnObject(value);
  if (why !== undefined) return { body: undefined, unreadable: { problem: why, summary: bodySummary(bytes) } };
  const repeated = format === "json" ? repeatedInJson : repeatedInYaml;
  return { body: value ?? {}, duplicateFields: () => repeated(bytes.toString("utf8")) };
}

const repeatedInJson = (text: string): RepeatedField[] =>
  duplicateFields(text).map((path) => {
    const problem = `duplicate field ${JSON.stringify(path)}`;
    return { refusal: problem, warning: problem };
  });

/** go-yaml names the line and the key, not the path. */
function repeatedInYaml(text: string): RepeatedField[] {
  const [document] = parseAllDocuments(text, { uniqueKeys: true, merge: true, version: "1.1" });
  if (!document || !("errors" in document)) return [];
  return document.errors
    .filter(({ code }) => code === "DUPLICATE_KEY")
    .map(({ pos: [start], linePos }) => {
      const key = /^["']?([^"':\n]+)/.exec(text.slice(start))?.[1]?.trim() ?? "";
      const warning = `line ${linePos?.[0].line ?? 1}: key ${JSON.stringify(key)} already set in map`;
      return { warning, refusal: `yaml: unmarshal errors:\n  ${warning}` };
    });
}

/** Reads a patch; 400 in the words of the reader that its type has. */
export function parsePatch(bytes: Buffer, contentType: string | undefined): ParsedBody {
  const type = (contentType ?? "").split(";")[0]?.trim();
  if (type === "application/apply-patch+yaml") {
    const { value, problem } = yamlValue(bytes);
    if (problem) throw badRequest(`error decoding YAML: error converting YAML to JSON: ${problem}`);
    const wrong = mismatch(value, goMap);
    if (wrong) throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${wrong}`);
    return { body: value ?? {} };
  }
  const { value, syntax } = jsonValue(bytes);
  const strategic = type === "application/strategic-merge-patch+json";
  const merge = type === "application/merge-patch+json";
  const why = syntax ?? (strategic || merge ? mismatch(value, goMap) : undefined);
  if (why) throw badRequest(strategic ? why : `error decoding patch: ${why}`);
  return {
    body: value,
    duplicateFields: () => (strategic || merge ? repeatedInJson(bytes.toString("utf8")) : unknownMembers(value)),
  };
}

const memberNames = new Set(["op", "path", "from", "value"]);

/** Members of a JSON patch's operations that mean nothing. */
function unknownMembers(operations: unknown): RepeatedField[] {
  if (!Array.isArray(operations)) return [];
  return operations.flatMap((operation: object, position) =>
    Object.keys(operation ?? {})
      .filter((name) => !memberNames.has(name))
      .map((name) => {
        const problem = `json patch unknown field ${JSON.stringify(`[${position}].${name}`)}`;
        return { refusal: problem, warning: problem };
      }),
  );
}

interface ReadValue {
  readonly value?: unknown;
  /** Why there is none, as the decoder of objects says it. */
  readonly problem?: string;
  readonly syntax?: string;
}

function jsonValue(bytes: Buffer): ReadValue {
  try {
    return { value: JSON.parse(bytes.toString("utf8")) };
  } catch (error) {
    const syntax = jsonProblem(bytes.toString("latin1")) ?? String(error);
    return { syntax, problem: `couldn't get version/kind; json parse error: ${syntax}` };
  }
}

/** The first document; others after it are not looked at. */
function yamlValue(bytes: Buffer): ReadValue {
  const [document] = parseAllDocuments(bytes.toString("utf8"), { uniqueKeys: false, merge: true, version: "1.1" });
  if (!document || !("errors" in document)) return {};
  const [problem] = document.errors;
  if (problem) return { problem: `yaml: ${yamlProblem(problem)}` };
  return { value: document.toJS({ maxAliasCount: 100 }) };
}

/** go-yaml's words for what is met most; it leaves out line 1. */
function yamlProblem({ code, message, linePos }: YAMLParseError): string {
  const line = linePos?.[0].line ?? 1;
  const at = line > 1 ? `line ${line}: ` : "";
  if (code === "BLOCK_AS_IMPLICIT_KEY") return `${at}mapping values are not allowed in this context`;
  if (code === "TAB_AS_INDENT") return `${at}found character that cannot start any token`;
  if (/^Flow sequence/.test(message)) return `line ${Math.max(1, line - 1)}: did not find expected ',' or ']'`;
  if (/^Flow map/.test(message)) return `line ${Math.max(1, line - 1)}: did not find expected ',' or '}'`;
  return `${at}${message.split(/ at line |\n/)[0]}`;
}

const goMap = "map[string]interface {}";

/** What Go reads a body's kind into first. */
const goTypeMeta =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function notAnObject(value: unknown): string | undefined {
  const why = mismatch(value, goTypeMeta);
  return why && `couldn't get version/kind; json parse error: ${why}`;
}

/** Null is as good as an empty object. */
function mismatch(value: unknown, goType: string): string | undefined {
  if (value === null || value === undefined || (typeof value === "object" && !Array.isArray(value))) return undefined;
  const name = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${name} into Go value of type ${goType}`;
}

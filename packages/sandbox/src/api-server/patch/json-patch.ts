import { equalJson, isObject, type JsonObject } from "../json-value.ts";
import { badRequest, StatusError } from "../status-error.ts";

/** One operation of an RFC 6902 patch. */
export interface JsonPatchOperation {
  op: string;
  path?: string;
  from?: string;
  value?: unknown;
}

/** More operations than this are refused (`maxJSONPatchOperations` of the API server). */
const maxOperations = 10_000;

/** Which operation did not apply and why; the cause of the 422. */
export class JsonPatchFailure extends Error {}

/**
 * Applies an RFC 6902 patch and returns the new document; `document` is left as it was and shares what did not change.
 * As in the API server (evanphx/json-patch v4), `replace` of a missing field of an object adds it.
 * @throws StatusError 400 for a patch that is none, 413 for too many operations, 422 for one that does not apply. The
 * API server does not say which operation failed, and neither do we; {@link JsonPatchFailure} as `cause` does.
 */
export function jsonPatch<T>(document: T, operations: unknown): T {
  if (!Array.isArray(operations))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonTypeName(operations)} into Go value of type []handlers.jsonPatchOp`,
    );
  if (operations.length > maxOperations)
    throw new StatusError(
      413,
      "RequestEntityTooLarge",
      `Request entity too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`,
    );
  try {
    return operations.reduce((current: unknown, operation) => applyOperation(current, operation), document) as T;
  } catch (error) {
    if (error instanceof JsonPatchFailure) {
      const status = new StatusError(
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
        {},
      );
      status.cause = error;
      throw status;
    }
    throw error;
  }
}

function applyOperation(document: unknown, operation: JsonPatchOperation): unknown {
  switch (operation.op) {
    case "add":
      return addAt(document, pathOf(operation, "add operation failed to decode path"), operation.value, "add");
    case "remove":
      return removeAt(document, pathOf(operation, "remove operation failed to decode path"));
    case "replace":
      return replaceAt(document, pathOf(operation, "replace operation failed to decode path"), operation.value);
    case "move":
      return move(document, operation);
    case "copy":
      return copy(document, operation);
    case "test":
      test(document, pathOf(operation, "test operation failed to decode path"), operation.value);
      return document;
    default:
      throw new JsonPatchFailure(`Unexpected kind: ${typeof operation.op === "string" ? operation.op : "unknown"}`);
  }
}

function pathOf(operation: JsonPatchOperation, what: string): string {
  if (typeof operation.path === "string") return operation.path;
  throw new JsonPatchFailure(`${what}: missing value`);
}

function fromOf(operation: JsonPatchOperation, what: string): string {
  if (typeof operation.from === "string") return operation.from;
  throw new JsonPatchFailure(`${what}: operation, missing from field: missing value`);
}

function addAt(document: unknown, path: string, value: unknown, verb: "add" | "move" | "copy"): unknown {
  return editAt(
    document,
    path,
    () => {
      const what = verb === "add" ? `path: "${path}"` : `destination path: ${path}`;
      return `${verb} operation does not apply: doc is missing ${what}: missing value`;
    },
    (container, key) => {
      if (!Array.isArray(container)) return { ...container, [key]: value };
      if (key === "-") return [...container, value];
      const prefix = verb === "copy" ? "error while adding value during copy" : `error in ${verb} for path: '${path}'`;
      if (!isInteger(key))
        throw new JsonPatchFailure(`${prefix}: value was not a proper array index: '${key}': ${atoiError(key)}`);
      const length = container.length + 1;
      const index = indexIn(Number(key), length, prefix);
      return container.toSpliced(index, 0, value);
    },
  );
}

function removeAt(document: unknown, path: string): unknown {
  return editAt(
    document,
    path,
    () => `remove operation does not apply: doc is missing path: "${path}": missing value`,
    (container, key) => removeKey(container, key, `error in remove for path: '${path}'`),
  );
}

function removeKey(container: JsonObject | unknown[], key: string, prefix: string): JsonObject | unknown[] {
  if (Array.isArray(container)) {
    if (!isInteger(key)) throw new JsonPatchFailure(`${prefix}: ${atoiError(key)}`);
    return container.toSpliced(indexIn(Number(key), container.length, prefix), 1);
  }
  if (!Object.hasOwn(container, key))
    throw new JsonPatchFailure(`${prefix}: Unable to remove nonexistent key: ${key}: missing value`);
  const { [key]: _, ...rest } = container;
  return rest;
}

function replaceAt(document: unknown, path: string, value: unknown): unknown {
  if (path === "") {
    // As upstream's library has it, nothing of what is given takes the place of the whole: the object has no name then.
    if (isObject(value) || Array.isArray(value)) return {};
    throw new JsonPatchFailure("replace operation value must be object or array: %!w(<nil>)");
  }
  return editAt(
    document,
    path,
    () => `replace operation does not apply: doc is missing path: ${path}: missing value`,
    (container, key) => {
      if (!Array.isArray(container)) return { ...container, [key]: value };
      const index = listIndex(container, key);
      if (index === undefined)
        throw new JsonPatchFailure(`replace operation does not apply: doc is missing key: ${path}: missing value`);
      return container.with(index, value);
    },
  );
}

function move(document: unknown, operation: JsonPatchOperation): unknown {
  const from = fromOf(operation, "move operation failed to decode from");
  const missing = () => `move operation does not apply: doc is missing from path: ${from}: missing value`;
  let moved: unknown;
  const without = editAt(document, from, missing, (container, key) => {
    moved = valueAt(container, key, `error in move for path: '${key}'`);
    return removeKey(container, key, `error in move for path: '${key}'`);
  });
  return addAt(without, pathOf(operation, "move operation failed to decode path"), moved, "move");
}

function copy(document: unknown, operation: JsonPatchOperation): unknown {
  const from = fromOf(operation, "copy operation failed to decode from");
  const place = find(document, from);
  if (!place)
    throw new JsonPatchFailure(`copy operation does not apply: doc is missing from path: ${from}: missing value`);
  const value = valueAt(place.container, place.key, `error in copy for from: '${from}'`);
  return addAt(document, pathOf(operation, "copy operation failed to decode path"), value ?? null, "copy");
}

function test(document: unknown, path: string, value: unknown): void {
  const failed = () => new JsonPatchFailure(`testing value ${path} failed: test failed`);
  if (path === "") {
    if (!equalJson(document, value)) throw failed();
    return;
  }
  const place = find(document, path);
  if (!place) throw new JsonPatchFailure(`test operation does not apply: is missing path: ${path}: missing value`);
  const found = valueAt(place.container, place.key, `error in test for path: '${path}'`);
  if (!equalJson(found ?? null, value ?? null)) throw failed();
}

/** Rebuilds the containers from the root down to the one that `edit` replaces. */
function editAt(
  document: unknown,
  path: string,
  missing: () => string,
  edit: (container: JsonObject | unknown[], key: string) => JsonObject | unknown[],
): unknown {
  const tokens = tokensOf(path);
  const last = tokens?.pop();
  if (!tokens || last === undefined) throw new JsonPatchFailure(missing());
  const descend = (node: unknown, depth: number): unknown => {
    if (!isObject(node) && !Array.isArray(node)) throw new JsonPatchFailure(missing());
    if (depth === tokens.length) return edit(node, last);
    const token = tokens[depth] as string;
    if (Array.isArray(node)) {
      const index = listIndex(node, token);
      if (index === undefined) throw new JsonPatchFailure(missing());
      return node.with(index, descend(node[index], depth + 1));
    }
    return { ...node, [token]: descend(Object.hasOwn(node, token) ? node[token] : undefined, depth + 1) };
  };
  return descend(document, 0);
}

function find(document: unknown, path: string): { container: JsonObject | unknown[]; key: string } | undefined {
  const tokens = tokensOf(path);
  const key = tokens?.pop();
  if (!tokens || key === undefined) return undefined;
  let node = document;
  for (const token of tokens) {
    if (Array.isArray(node)) {
      const index = listIndex(node, token);
      node = index === undefined ? undefined : node[index];
    } else node = isObject(node) && Object.hasOwn(node, token) ? node[token] : undefined;
  }
  return isObject(node) || Array.isArray(node) ? { container: node, key } : undefined;
}

function valueAt(container: JsonObject | unknown[], key: string, prefix: string): unknown {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  if (!isInteger(key)) throw new JsonPatchFailure(`${prefix}: ${atoiError(key)}`);
  return container[indexIn(Number(key), container.length, prefix)];
}

/** The tokens of an RFC 6901 pointer; undefined for the whole document and for text that is no pointer. */
const tokensOf = (path: string): string[] | undefined =>
  path.includes("/")
    ? path
        .split("/")
        .slice(1)
        .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
    : undefined;

const isInteger = (token: string): boolean => /^[+-]?\d+$/.test(token);

const atoiError = (token: string): string => `strconv.Atoi: parsing ${JSON.stringify(token)}: invalid syntax`;

/** A negative index counts from the end. */
function indexIn(index: number, length: number, prefix: string): number {
  if (index >= length || index < -length)
    throw new JsonPatchFailure(`${prefix}: Unable to access invalid index: ${index}: invalid index referenced`);
  return index < 0 ? index + length : index;
}

function listIndex(list: readonly unknown[], token: string): number | undefined {
  if (!isInteger(token)) return undefined;
  const index = Number(token);
  if (index >= list.length || index < -list.length) return undefined;
  return index < 0 ? index + list.length : index;
}

function jsonTypeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value === "boolean" ? "bool" : typeof value;
}

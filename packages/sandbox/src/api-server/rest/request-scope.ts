import type { ApiRequest } from "../api-request.ts";
import type { RequestInfo } from "../request-info.ts";
import type { FieldValidation, ServedResource } from "../resource.ts";
import type { ServerParts } from "../server-parts.ts";
import { badRequest, invalid } from "../status-error.ts";

/** One request to one resource, with what its query and headers ask for. */
export interface RequestScope {
  readonly parts: ServerParts;
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Go out as `Warning:` headers. */
  readonly warnings: string[];
}

export function requestScope(
  parts: ServerParts,
  request: ApiRequest,
  info: RequestInfo,
  resource: ServedResource,
): RequestScope {
  return {
    parts,
    request,
    info,
    resource,
    namespace: resource.namespaced ? info.namespace : undefined,
    name: info.name,
    dryRun: dryRun(request),
    fieldManager: fieldManager(request),
    fieldValidation: fieldValidation(request),
    warnings: isServed(info, resource) && resource.deprecation !== undefined ? [resource.deprecation] : [],
  };
}

/** What there is no path for is not found, without a word on its kind; custom resources have one for everything. */
const isServed = ({ subresource }: RequestInfo, { custom, subresources }: ServedResource): boolean =>
  !subresource || custom || subresources.some(({ name }) => name === subresource);

function dryRun(request: ApiRequest): boolean {
  const values = request.query.all("dryRun").filter((value) => value !== "");
  for (const value of values) {
    if (value !== "All")
      throw optionsError(
        request,
        "dryRun",
        `Unsupported value: ${JSON.stringify([value]).replace(/"/g, '"')}: supported values: "All"`,
      );
  }
  return values.length > 0;
}

/** `fieldManager`, or the first part of the user agent, as `fieldmanager` names updates (`kubectl/v1.32.0 ...`). */
function fieldManager(request: ApiRequest): string {
  const given = request.query.get("fieldManager");
  if (given !== undefined && given !== "") {
    if (given.length > 128)
      throw optionsError(request, "fieldManager", `Too long: may not be more than 128 bytes`, "FieldValueTooLong");
    const at = [...given].findIndex((character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character));
    if (at >= 0) {
      const code = (given.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      const problem = `invalid character U+${code} (at position ${at})`;
      throw optionsError(request, "fieldManager", `Invalid value: ${goQuoted(given)}: ${problem}`, "FieldValueInvalid");
    }
    return given;
  }
  const agent = request.headers["user-agent"] ?? "";
  return agent.split("/")[0]?.slice(0, 128) || "unknown";
}

/** A text as Go quotes it: control characters by their short names or codes. */
const goQuoted = (text: string): string =>
  `"${text.replace(/[\p{C}"\\]/gu, (character) => shortNames[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;

const shortNames: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

function fieldValidation(request: ApiRequest): FieldValidation {
  const given = request.query.get("fieldValidation") ?? "";
  if (given === "") return "Warn";
  if (given === "Ignore" || given === "Warn" || given === "Strict") return given;
  throw optionsError(
    request,
    "fieldValidation",
    `Unsupported value: ${JSON.stringify(given)}: supported values: "", "Ignore", "Strict", "Warn"`,
  );
}

const optionsKinds: Readonly<Record<string, string>> = {
  POST: "CreateOptions",
  PUT: "UpdateOptions",
  PATCH: "PatchOptions",
  DELETE: "DeleteOptions",
};

function optionsError(
  request: ApiRequest,
  field: string,
  message: string,
  reason: "FieldValueNotSupported" | "FieldValueTooLong" | "FieldValueInvalid" = "FieldValueNotSupported",
) {
  const kind = optionsKinds[request.method];
  return kind ? invalid("meta.k8s.io", kind, "", [{ reason, field, message }]) : badRequest(`${field}: ${message}`);
}

/** What a path and a method mean to the API server (apiserver `request.RequestInfo`). */
export interface RequestInfo {
  readonly isResource: boolean;
  readonly verb: Verb;
  readonly prefix: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly resource: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** What follows the subresource: the path that a proxy passes on. */
  readonly rest: readonly string[];
}

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection" | "";

const verbs: Readonly<Record<string, Verb>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Subresources of a Namespace: `/namespaces/x/status` is not a resource `status` in the namespace x. */
const namespaceSubresources = new Set(["status", "finalize"]);

export function requestInfo(method: string, path: string, watch: boolean): RequestInfo {
  const parts = path.split("/").filter((part) => part !== "");
  const verb = verbs[method] ?? "";
  const none: RequestInfo = {
    isResource: false,
    verb,
    prefix: parts[0] ?? "",
    group: "",
    version: "",
    namespace: undefined,
    resource: "",
    name: undefined,
    subresource: undefined,
    rest: [],
  };
  const core = parts[0] === "api";
  if (!core && parts[0] !== "apis") return none;
  const at = core ? 2 : 3;
  if (parts.length <= at) return none;
  const group = core ? "" : (parts[1] as string);
  const version = parts[at - 1] as string;
  let rest = parts.slice(at);
  let watching = watch;
  if (rest[0] === "watch" && rest.length > 1) {
    rest = rest.slice(1);
    watching = true;
  }
  let namespace: string | undefined;
  if (rest[0] === "namespaces" && rest.length > 1) {
    namespace = rest[1];
    if (rest.length > 2 && !namespaceSubresources.has(rest[2] as string)) rest = rest.slice(2);
  }
  const [resource = "", name, subresource, ...more] = rest;
  return {
    ...none,
    isResource: true,
    verb: verbOf(verb, name, watching),
    group,
    version,
    namespace,
    resource,
    name,
    subresource,
    rest: more,
  };
}

function verbOf(verb: Verb, name: string | undefined, watching: boolean): Verb {
  if (verb === "get") return watching ? "watch" : name === undefined ? "list" : "get";
  if (verb === "delete" && name === undefined) return "deletecollection";
  return verb;
}

import { commonDefinitions, customDefinitions, listDefinitionOf } from "./definitions.ts";
import { definitionOf, groupVersionPath, type OpenApiResource } from "./openapi-resource.ts";

/** One operation on one path, before it is written in either version of OpenAPI. */
export interface Operation {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  readonly id: string;
  readonly description: string;
  readonly action: string;
  readonly tag: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly query: readonly QueryParameter[];
  /** The definition of the body; undefined for none. */
  readonly body: string | undefined;
  readonly consumes: readonly string[];
  readonly answer: string | undefined;
}

export interface QueryParameter {
  readonly name: string;
  readonly type: "string" | "boolean" | "integer";
  readonly description: string;
}

/** The operations by path: `/apis/apps/v1/namespaces/{namespace}/deployments/{name}`. */
export type Paths = Map<string, Operation[]>;

const parameter = (name: string, type: QueryParameter["type"], description: string): QueryParameter => ({
  name,
  type,
  description,
});
const dryRun = parameter("dryRun", "string", "All: check the request, and change nothing.");
const fieldManager = parameter("fieldManager", "string", "Who makes the change; needed to apply.");
const fieldValidation = parameter(
  "fieldValidation",
  "string",
  "What to do about unknown fields: Ignore, Warn or Strict.",
);
const force = parameter("force", "boolean", "Take over fields that another manager has applied.");
const labelSelector = parameter("labelSelector", "string", "Only objects with these labels.");
const fieldSelector = parameter("fieldSelector", "string", "Only objects with these field values.");
const limit = parameter("limit", "integer", "At most so many objects in one answer.");
const continueToken = parameter("continue", "string", "Goes on where the answer with this token ended.");
const watch = parameter("watch", "boolean", "Stream changes instead of answering a list.");
const resourceVersion = parameter("resourceVersion", "string", "The version to read at, or to watch from.");
const gracePeriod = parameter("gracePeriodSeconds", "integer", "How long the object may take to end.");
const propagation = parameter(
  "propagationPolicy",
  "string",
  "What becomes of dependents: Orphan, Background or Foreground.",
);

const orphanDependents = parameter(
  "orphanDependents",
  "boolean",
  "Leave dependents behind; propagationPolicy says it better.",
);
const ignoreUnreadable = parameter(
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "boolean",
  "Delete even what cannot be read.",
);

const listParameters = [continueToken, fieldSelector, labelSelector, limit, resourceVersion, watch];
const writeParameters = [dryRun, fieldManager, fieldValidation];
const [deleteOptions, patchBody, status] = commonDefinitions;

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
const customPatchTypes = patchTypes.filter((type) => !type.includes("strategic"));

const pascal = (text: string) => text.replaceAll(/(^|[.\-_])(\w)/g, (_, __, letter: string) => letter.toUpperCase());

/** All operations of a resource and its subresources. */
export function addOperations(paths: Paths, resource: OpenApiResource): void {
  const { group, version, plural, namespaced, verbs, subresources } = resource;
  const base = `/${groupVersionPath(resource)}`;
  const collection = namespaced ? `${base}/namespaces/{namespace}/${plural}` : `${base}/${plural}`;
  const item = `${collection}/{name}`;
  const make = operationsOf(resource);
  const add = (path: string, operations: readonly (Operation | undefined)[]) => {
    const present = operations.filter((operation) => operation !== undefined);
    if (present.length > 0) paths.set(path, [...(paths.get(path) ?? []), ...present]);
  };
  const has = (verb: string) => verbs.includes(verb);
  add(collection, [
    has("list") ? make.list() : undefined,
    has("create") ? make.create() : undefined,
    has("deletecollection") ? make.deleteCollection() : undefined,
  ]);
  if (namespaced && has("list")) add(`${base}/${plural}`, [make.listAll()]);
  add(item, [
    has("get") ? make.read() : undefined,
    has("update") ? make.replace() : undefined,
    has("patch") ? make.patch() : undefined,
    has("delete") ? make.remove() : undefined,
  ]);
  for (const sub of subresources) {
    const kind = { group: sub.group ?? group, version: sub.version ?? version, kind: sub.kind };
    const own = make.of(pascal(sub.name), kind);
    add(`${item}/${sub.name}`, [
      sub.verbs.includes("get") ? own.read() : undefined,
      sub.verbs.includes("create") ? own.create() : undefined,
      sub.verbs.includes("update") ? own.replace() : undefined,
      sub.verbs.includes("patch") ? own.patch() : undefined,
    ]);
  }
}

function operationsOf(resource: OpenApiResource, suffix = "", of = kindOf(resource)) {
  const { group, version, kind, namespaced, custom } = resource;
  const shortGroup = custom
    ? pascal(group)
    : group
      ? pascal(group.replace(/\.k8s\.io$/, "").split(".")[0] as string)
      : "Core";
  const scope = namespaced ? "Namespaced" : "";
  const name = (verb: string, what = kind) => `${verb}${shortGroup}${pascal(version)}${scope}${what}${suffix}`;
  const definition = suffix && of.kind !== kind ? undefined : definitionOf(resource);
  const tag = `${custom ? pascal(group) : shortGroup.replace(/^./, (letter) => letter.toLowerCase())}_${version}`;
  const operation = (
    method: Operation["method"],
    id: string,
    action: string,
    description: string,
    more: Partial<Operation> = {},
  ): Operation => ({
    method,
    id,
    action,
    description,
    tag,
    kind: of,
    query: [],
    body: undefined,
    consumes: ["*/*"],
    answer: definition,
    ...more,
  });
  const writes = { query: writeParameters, body: definition };
  return {
    list: () =>
      operation("get", name("list"), "list", `list or watch objects of kind ${kind}`, {
        query: listParameters,
        answer: listDefinitionOf(resource),
      }),
    listAll: () =>
      operation(
        "get",
        `list${shortGroup}${pascal(version)}${kind}ForAllNamespaces`,
        "list",
        `list or watch objects of kind ${kind}`,
        {
          query: listParameters,
          answer: listDefinitionOf(resource),
        },
      ),
    create: () => operation("post", name("create"), "post", `create ${article(kind)}`, writes),
    read: () => operation("get", name("read"), "get", `read the specified ${kind}`),
    replace: () => operation("put", name("replace"), "put", `replace the specified ${kind}`, writes),
    patch: () =>
      operation("patch", name("patch"), "patch", `partially update the specified ${kind}`, {
        query: [...writeParameters, force],
        body: patchBody,
        consumes: custom ? customPatchTypes : patchTypes,
      }),
    remove: () =>
      operation("delete", name("delete"), "delete", `delete ${article(kind)}`, {
        query: [dryRun, gracePeriod, ignoreUnreadable, orphanDependents, propagation],
        body: deleteOptions,
        answer: status,
      }),
    deleteCollection: () =>
      operation("delete", name("delete", `Collection${kind}`), "deletecollection", `delete collection of ${kind}`, {
        query: [...listParameters, dryRun, gracePeriod, ignoreUnreadable, orphanDependents, propagation],
        body: deleteOptions,
        answer: status,
      }),
    of: (sub: string, kindOfSub: Operation["kind"]) => operationsOf(resource, sub, kindOfSub),
  };
}

const kindOf = ({ group, version, kind }: OpenApiResource) => ({ group, version, kind });
const article = (kind: string) => `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind}`;

/** The definitions that a resource brings along by itself. */
export const ownDefinitions = (resource: OpenApiResource) => (resource.custom ? customDefinitions(resource) : {});

const internal = "the message shows Go's internal object, or fields in the order of Go's structs";
const atOnce = "a definition is established, and its finalizer set, in the request that creates it";
const absent = "times and lists that are null in Go are left out";

/**
 * Where the sandbox knowingly answers otherwise, by area and case, each with the reason. A case that no longer differs
 * fails, so that this list stays true. docs/differences.md tells users of those that they may meet.
 */
export const knownDifferences: Readonly<Record<string, string>> = {
  "defaults: a new object of persistentvolumes": "lastPhaseTransitionTime is not kept",
  "defaults: a new object of csinodes": absent,
  "defaults: a new object of volumeattributesclasses": "classes of volume attributes are not protected while in use",
  "defaults: a new object of customresourcedefinitions": atOnce,
  "empty objects: customresourcedefinitions: an object of nothing but a name":
    "a definition without a spec is refused with fewer words",
  "empty objects: apiservices: an object of nothing but a name": "an APIService without a spec is taken",
  "openapi: the index of version 3 names the built-in groups":
    "only versions of groups are described, not the paths of discovery",
  "openapi: an address in the index carries a hash, and may be kept for long": "documents are not marked as to be kept",
  "openapi: the operations of api/v1": "proxies and streams are described as gets and posts",
  "openapi: fieldValidation is among a write's parameters, which tells kubectl to ask for it":
    "a delete has no parameter for objects that cannot be read",
  "openapi: a custom resource's schema is published": "a number or a text is not spelled out as anyOf",
  "watching: a watch of a resource that cannot be watched": "refused in the words for any other method",
  "field validation: YAML: a duplicate key": "the YAML reader takes the last of two keys without a word",
  "field validation: a merge patch": internal,
  "field validation: a json patch": internal,
  "field validation: a merge patch with a duplicate key": "duplicate keys of a patch are not looked for",
  "field validation: a JSON patch with an unknown member":
    "unknown members of a JSON patch's operations are not looked for",
  "field validation: a warning of a Service": "addresses with leading zeros are refused at once",
  "patches: json: the whole object": "a JSON patch may replace the whole object",
  "patches: json: a number where text is due": internal,
  "patches: merge: a list in place of an object": internal,
  "patches: merge: another kind": internal,
  "patches: strategic: a Node's taints are replaced, its conditions merge by type": absent,
  "custom resources: a definition becomes established and is found by discovery": atOnce,
  "custom resources: a definition that is deleted takes its objects with it":
    "objects are deleted at once, without a condition that says so",
  "custom resources: an object of a kind that is not this one": "refused in the words for built-in kinds",
  "custom resources: cluster-wide objects": "a path of another scope is refused by a Status, not by a page",
  "custom resources: an embedded object keeps its kind and metadata": "unknown metadata of an embedded object is kept",
  "custom resources: formats": "the format hostname is not checked",
  "custom resources: lists as sets and maps": "an element without its key is refused in other words",
  "custom resources: without a status subresource all is one":
    "a subresource that a kind does not have is a path that there is not",
  "custom resources: a version that is no longer served": "refused by a Status, not by a page",
  "custom resources: rule: quantities, durations, times, addresses":
    "the CEL library words a duration that is none in its own way",
  "custom resources: refused: no other properties at all": "a schema may say that there are no other properties",
  "custom resources: refused: a reference": "a reference is refused for its missing type too",
  "evictions: a budget with maxUnavailable on pods of no controller": "the Event prints the selector as kubectl does",
  "evictions: a budget's status cannot go below zero":
    "a status is what its controller says: its numbers are not compared",
  "rollouts: Endpoints follow ready pods": "a pod counts as an endpoint though its node is not there",
  "access: the rules of one's own": "rules come in the order of the roles",
  "access: nobody gives rights that he does not have":
    "a sandbox does not keep its users from giving each other rights",
  "admission: a patch of a webhook that does not fit": "the cause within a patch is not told",
  "reached servers: an object is applied in one version and then in another":
    "who owns a field is compared in the version that is applied, by its name there",
  "scheduling: no nodes at all": "Events of the scheduler are of the core group's form: a source, and no action",
  "scheduling: the one node": "Events of the scheduler are of the core group's form: a source, and no action",
};

/** Parts of answers in which generated sequences of calls may differ: what `where` finds is left out of the comparison. */
export const knowinglyDifferentParts: readonly {
  readonly why: string;
  readonly where: RegExp;
  readonly standIn: string;
}[] = [
  {
    why: "what would change in a pod is printed as Go's internal struct, with fields that are not set",
    where: /(allow it to be set to 1 if it was previously negative\)\n)@@.*$/s,
    standIn: "$1DIFF",
  },
  {
    why: "an object that a patch would make is printed in the order of Go's structs",
    where: /(patch: |^)Invalid value: "\{.*\}": /s,
    standIn: "$1Invalid value: OBJECT: ",
  },
];

/** Calls that are not generated, since the two knowingly answer them otherwise or at times of their own. */
export const callsNotGenerated: readonly string[] = [
  "an apply to the status of a Service that there is not: Kubernetes makes one, without an address",
  "a deletion in the foreground of a custom resource whose kind is new: the collector learns of it half a minute late",
];

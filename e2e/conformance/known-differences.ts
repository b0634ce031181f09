const internal = "the message shows Go's internal object, or fields in the order of Go's structs";
const absent = "times and lists that are null in Go are left out";

/**
 * Where the sandbox knowingly answers otherwise, by area and case, each with the reason. A case that no longer differs
 * fails, so that this list stays true. docs/differences.md lists them for users.
 */
export const knownDifferences: Readonly<Record<string, string>> = {
  "defaults: a new object of csinodes": absent,
  "defaults: a new object of volumeattributesclasses": "classes of volume attributes are not protected while in use",
  "openapi: the index of version 3 names the built-in groups":
    "only versions of groups are described, not the paths of discovery",
  "openapi: the operations of api/v1": "proxies and streams are described as gets and posts",
  "field validation: a merge patch": internal,
  "field validation: a json patch": internal,
  "field validation: a merge patch with a duplicate key": internal,
  "field validation: a JSON patch with an unknown member": internal,
  "patches: json: the whole object": "a JSON patch that replaces the whole object is refused without a warning",
  "patches: json: a number where text is due": internal,
  "patches: merge: a list in place of an object": internal,
  "patches: merge: another kind": internal,
  "patches: strategic: a Node's taints are replaced, its conditions merge by type": absent,
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
  "lists that are empty or null, where Go's types are always there: Kubernetes answers null, the sandbox what was sent",
  "an apply of a custom resource's labels or finalizers as null: Kubernetes stores the null, and drops it at the next write",
  "a deletion in the foreground, or one that orphans, of a custom resource whose kind is new: the collector learns of it half a minute late",
];

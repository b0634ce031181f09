import type { CustomResourceDefinition, CustomResourceDefinitionNames } from "@bellows/api";
import { equalJson } from "../json-value.ts";

type Definition = CustomResourceDefinition;
type Status = NonNullable<Definition["status"]>;
type Condition = NonNullable<Status["conditions"]>[number];

/** Fills in what apiextensions defaults: the singular name, the list's kind, the conversion. */
export function defaultDefinition(crd: Definition): Definition {
  const { spec } = crd;
  if (!spec?.names) return crd;
  const names = {
    ...spec.names,
    singular: spec.names.singular || spec.names.kind?.toLowerCase() || "",
    listKind: spec.names.listKind || (spec.names.kind ? `${spec.names.kind}List` : ""),
  };
  return { ...crd, spec: { ...spec, names, conversion: spec.conversion ?? { strategy: "None" } } };
}

/** The status that a new definition gets, or an updated one keeps: the storage version is among those stored. */
export function statusOnWrite(crd: Definition, old?: Definition): Status {
  const storage = crd.spec?.versions?.find((version) => version.storage)?.name;
  // Go's list without conditions is null.
  const before = old?.status ?? {
    acceptedNames: { kind: "", plural: "" },
    conditions: null as never,
    storedVersions: [],
  };
  const stored = before.storedVersions ?? [];
  return {
    ...before,
    storedVersions: storage === undefined || stored.includes(storage) ? stored : [...stored, storage],
  };
}

/**
 * The status that the naming and establishing controllers arrive at: names are accepted where no other definition of
 * the group has them, and a definition with accepted names is established for good.
 *
 * @param others  the other definitions, of any group
 * @param now  a timestamp, for conditions that change
 */
export function establish(crd: Definition, others: readonly Definition[], now: string): Status {
  const spec = crd.spec as NonNullable<Definition["spec"]>;
  const accepted = crd.status?.acceptedNames ?? { kind: "", plural: "" };
  const { names, problem } = acceptNames(spec.names, accepted, takenNames(spec.group, others));
  const conditions = crd.status?.conditions ?? [];
  const namesAccepted: Omit<Condition, "lastTransitionTime"> = problem
    ? { type: "NamesAccepted", status: "False", reason: problem.reason, message: problem.message }
    : { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" };
  const before = conditions.find(({ type }) => type === "Established");
  const established: Omit<Condition, "lastTransitionTime"> =
    before?.status === "True"
      ? before
      : problem
        ? { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" }
        : {
            type: "Established",
            status: "True",
            reason: "InitialNamesAccepted",
            message: "the initial names have been accepted",
          };
  return {
    ...statusOnWrite(crd, crd),
    acceptedNames: names,
    conditions: [namesAccepted, established].reduce(
      (list, condition) => setCondition(list, condition, now),
      conditions,
    ),
  };
}

const deletionMessages = {
  InstanceDeletionPending: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
  InstanceDeletionInProgress: "CustomResource deletion is in progress",
} as const;

/** The status of a definition that goes away, with how far that has come. */
export function terminating(crd: Definition, reason: keyof typeof deletionMessages, now: string): Status {
  const condition = { type: "Terminating", status: "True", reason, message: deletionMessages[reason] };
  return { ...statusOnWrite(crd, crd), conditions: setCondition(crd.status?.conditions ?? [], condition, now) };
}

/** Whether requests for the definition's resources are served. */
export const isEstablished = (crd: Definition): boolean =>
  crd.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ?? false;

function setCondition(list: readonly Condition[], condition: Omit<Condition, "lastTransitionTime">, now: string) {
  const old = list.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : now;
  const changed: Condition = { ...condition, ...(lastTransitionTime && { lastTransitionTime }) };
  return old ? list.map((one) => (one === old ? changed : one)) : [...list, changed];
}

interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenNames(group: string, others: readonly Definition[]): TakenNames {
  const names = others.filter(({ spec }) => spec?.group === group).map(({ status }) => status?.acceptedNames);
  return {
    resources: new Set(names.flatMap((n) => (n ? [n.plural, n.singular ?? "", ...(n.shortNames ?? [])] : []))),
    kinds: new Set(names.flatMap((n) => (n ? [n.kind, n.listKind ?? ""] : []))),
  };
}

function acceptNames(
  wanted: CustomResourceDefinitionNames,
  accepted: CustomResourceDefinitionNames,
  taken: TakenNames,
) {
  const names: CustomResourceDefinitionNames = { ...accepted };
  let problem: { reason: string; message: string } | undefined;
  const inUse = (name: string) => `${JSON.stringify(name)} is already in use`;
  const accept = (field: "plural" | "singular" | "kind" | "listKind", reason: string, used: ReadonlySet<string>) => {
    const name = wanted[field];
    if (name !== undefined && name !== accepted[field] && used.has(name)) problem = { reason, message: inUse(name) };
    else if (name !== undefined) names[field] = name;
  };
  accept("plural", "PluralConflict", taken.resources);
  accept("singular", "SingularConflict", taken.resources);
  if (!equalJson(wanted.shortNames, accepted.shortNames)) {
    const clashes = (wanted.shortNames ?? []).filter(
      (name) => !accepted.shortNames?.includes(name) && taken.resources.has(name),
    );
    if (clashes.length > 0) {
      const texts = clashes.map(inUse);
      problem = { reason: "ShortNamesConflict", message: texts.length === 1 ? texts.join() : `[${texts.join(", ")}]` };
    } else if (wanted.shortNames) names.shortNames = wanted.shortNames;
    else delete names.shortNames;
  }
  accept("kind", "KindConflict", taken.kinds);
  accept("listKind", "ListKindConflict", taken.kinds);
  if (wanted.categories) names.categories = wanted.categories;
  else delete names.categories;
  return { names, problem };
}

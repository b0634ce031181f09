import type { PolicyRule } from "@bellows/api";
import type { UserInfo } from "../api-request.ts";

/**
 * Why somebody may not give these rights: he does not hold them all himself. Undefined where he does (registry/rbac
 * `ConfirmNoEscalation`, 1.35).
 *
 * @param held the rules that are granted to him where the rights would count
 */
export function escalation(
  user: UserInfo,
  held: readonly PolicyRule[],
  given: readonly PolicyRule[],
): string | undefined {
  const missing = given.flatMap(broken).filter((rule) => !held.some((one) => covers(one, rule)));
  if (missing.length === 0) return undefined;
  const listed = [...new Set(compacted(missing).map(printed))].sort();
  const groups = quoted(user.groups);
  return `user ${JSON.stringify(user.username)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${listed.join("\n")}`;
}

/** A rule as rules of one verb and one thing each, so that one rule covers each of them or none does. */
function broken({
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
  verbs,
}: PolicyRule): PolicyRule[] {
  const names: readonly (string | undefined)[] = resourceNames.length > 0 ? resourceNames : [undefined];
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          names.map((name) => ({
            apiGroups: [group],
            resources: [resource],
            verbs: [verb],
            ...(name !== undefined && { resourceNames: [name] }),
          })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] }))),
  ];
}

function covers(owner: PolicyRule, part: PolicyRule): boolean {
  const all = (field: "verbs" | "apiGroups") =>
    (part[field] ?? []).every((one) => owner[field]?.some((own) => own === "*" || own === one));
  const resources = (part.resources ?? []).every((one) => {
    const [, subresource] = one.split("/");
    return owner.resources?.some((own) => own === "*" || own === one || (subresource && own === `*/${subresource}`));
  });
  const urls = (part.nonResourceURLs ?? []).every((one) =>
    owner.nonResourceURLs?.some(
      (own) => own === "*" || own === one || (own.endsWith("*") && one.startsWith(own.slice(0, -1))),
    ),
  );
  const own = owner.resourceNames ?? [];
  const named =
    own.length === 0 ||
    ((part.resourceNames ?? []).length > 0 && part.resourceNames?.every((one) => own.includes(one)));
  return all("verbs") && all("apiGroups") && resources && urls && Boolean(named);
}

/** Those that differ in their verb only become one. */
function compacted(rules: readonly PolicyRule[]): PolicyRule[] {
  const byThing = Map.groupBy(rules, ({ verbs: _, ...thing }) => JSON.stringify(thing));
  return [...byThing.values()].flatMap((alike) => {
    const [first] = alike;
    if (!first || first.nonResourceURLs) return alike;
    return [{ ...first, verbs: alike.flatMap(({ verbs }) => verbs) }];
  });
}

function printed({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = [
    ["APIGroups", apiGroups],
    ["Resources", resources],
    ["NonResourceURLs", nonResourceURLs],
    ["ResourceNames", resourceNames],
    ["Verbs", verbs],
  ] as const;
  return `{${parts.flatMap(([name, list]) => (list?.length ? [`${name}:${quoted(list)}`] : [])).join(", ")}}`;
}

const quoted = (list: readonly string[]): string => `[${list.map((one) => JSON.stringify(one)).join(" ")}]`;

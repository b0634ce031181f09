import { readFileSync } from "node:fs";
import { ClusterRole, Role } from "@bellows/api";
import type { SuiteContext } from "../suite.ts";
import { chartNamespace } from "./chart.ts";

type PolicyRule = NonNullable<ClusterRole["rules"]>[number];

/** One thing that a service account may do, or did: `patch karpenter.sh/nodeclaims/status`. */
type Right = string;

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly name?: string;
    readonly namespace?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** What a service account of the chart asked for: granted and refused. Undefined where the API server keeps no record. */
export function requestsOf(
  account: string,
  { controlPlane: { auditLog } }: SuiteContext,
): { readonly granted: readonly AuditEvent[]; readonly refused: readonly Right[] } | undefined {
  if (!auditLog) return undefined;
  const user = `system:serviceaccount:${chartNamespace}:${account}`;
  const events = readFileSync(auditLog, "utf8")
    .split("\n")
    .filter((line) => line.includes(user))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.user.username === user && event.objectRef);
  const isRefused = ({ responseStatus }: AuditEvent) => responseStatus?.code === 403;
  return {
    granted: events.filter((event) => !isRefused(event)),
    refused: [...new Set(events.filter(isRefused).map((event) => `${event.verb} ${resourceOf(event)}`))],
  };
}

const resourceOf = ({ objectRef }: AuditEvent): string => {
  const { apiGroup = "", resource = "", subresource } = objectRef ?? {};
  return `${apiGroup ? `${apiGroup}/` : ""}${resource}${subresource ? `/${subresource}` : ""}`;
};

/**
 * The rights of a controller's roles that none of its requests needed, each as `verb resource`: what its roles should
 * not give, unless what needs it did not happen.
 */
export async function unusedRights(account: string, context: SuiteContext): Promise<readonly Right[] | undefined> {
  const { client } = context.controlPlane;
  const requests = requestsOf(account, context);
  if (!requests) return undefined;
  const rules = [
    ...((await client.get(ClusterRole, { name: account })).rules ?? []),
    ...((await client.find(Role, { namespace: chartNamespace, name: account }))?.rules ?? []),
  ];
  const unused = rules.flatMap((rule) =>
    rightsOf(rule)
      .filter((right) => !requests.granted.some((event) => isNeeded(right, rule, event)))
      .map(({ verb, group, resource }) => `${verb} ${group ? `${group}/` : ""}${resource}`),
  );
  return [...new Set(unused)].sort();
}

interface RuleRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
}

const rightsOf = ({ verbs, apiGroups = [], resources = [] }: PolicyRule): RuleRight[] =>
  apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource }))));

function isNeeded(
  { verb, group, resource }: RuleRight,
  { resourceNames = [] }: PolicyRule,
  event: AuditEvent,
): boolean {
  const { apiGroup = "", resource: asked = "", subresource, name = "" } = event.objectRef ?? {};
  const [wanted, sub] = resource.split("/");
  return (
    (verb === "*" || verb === event.verb) &&
    (group === "*" || group === apiGroup) &&
    (wanted === "*" || wanted === asked) &&
    sub === subresource &&
    (resourceNames.length === 0 || resourceNames.includes(name))
  );
}

import { type LimitRange, type PersistentVolumeClaim, type Pod, type Quantity, quantityOf } from "@bellows/api";
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  type AdmissionWorld,
  isFor,
  refuse,
  typed,
  untyped,
} from "./admission-request.ts";
import { type Amounts, amountsOf, podAmounts } from "./pod-resources.ts";

type Limit = NonNullable<LimitRange["spec"]>["limits"][number];
type PodSpec = NonNullable<Pod["spec"]>;
type Container = PodSpec["containers"][number];

const annotation = "kubernetes.io/limit-ranger";

/** Applies the defaults of the namespace's limit ranges to containers, and holds pods and claims to their bounds. */
export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  mutate(request, world) {
    if (!isFor(request, "/pods") || request.operation !== "CREATE" || !request.object) return request.object;
    const limits = limitsOf(request, world);
    if (limits.length === 0) return request.object;
    return untyped(withDefaults(typed<Pod>(request.object), limits));
  },
  validate(request, world) {
    const { operation, object } = request;
    if (!object) return;
    const isPod = isFor(request, "/pods") && operation === "CREATE";
    const isClaim = isFor(request, "/persistentvolumeclaims") && (operation === "CREATE" || operation === "UPDATE");
    if (!isPod && !isClaim) return;
    const limits = limitsOf(request, world);
    const problems = isPod
      ? podProblems(typed<Pod>(object), limits)
      : claimProblems(typed<PersistentVolumeClaim>(object), limits);
    if (problems.length > 0)
      throw refuse(request, problems.length === 1 ? (problems[0] as string) : `[${problems.join(", ")}]`);
  },
};

const limitsOf = ({ namespace }: AdmissionRequest, world: AdmissionWorld): Limit[] =>
  world.list("/limitranges", namespace).flatMap((object) => typed<LimitRange>(object).spec?.limits ?? []);

function withDefaults(pod: Pod, limits: readonly Limit[]): Pod {
  const spec = pod.spec;
  if (!spec) return pod;
  const ofContainers = limits.filter(({ type }) => type === "Container");
  const defaults = {
    requests: Object.assign({}, ...ofContainers.map((limit) => limit.defaultRequest)) as Record<string, string>,
    limits: Object.assign({}, ...ofContainers.map((limit) => limit.default)) as Record<string, string>,
  };
  const notes: string[] = [];
  const complete = (container: Container, what: string): Container => {
    const resources = { ...container.resources };
    for (const [which, noun] of [
      ["requests", "request"],
      ["limits", "limit"],
    ] as const) {
      const own = resources[which] ?? {};
      const missing = Object.keys(defaults[which]).filter((name) => own[name] === undefined);
      if (missing.length === 0) continue;
      resources[which] = {
        ...own,
        ...Object.fromEntries(missing.map((name) => [name, defaults[which][name] as string])),
      };
      notes.push(`${missing.sort().join(", ")} ${noun} for ${what} ${container.name}`);
    }
    return { ...container, resources };
  };
  const containers = spec.containers.map((container) => complete(container, "container"));
  const initContainers = spec.initContainers?.map((container) => complete(container, "init container"));
  if (notes.length === 0) return pod;
  const annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join("; ")}` };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: { ...spec, containers, ...(initContainers && { initContainers }) },
  };
}

function podProblems(pod: Pod, limits: readonly Limit[]): string[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return limits.flatMap((limit) => {
    if (limit.type === "Pod") return boundProblems(limit, podAmounts(pod, "requests"), podAmounts(pod, "limits"));
    if (limit.type !== "Container") return [];
    return containers.flatMap(({ resources }) =>
      boundProblems(limit, amountsOf(resources?.requests), amountsOf(resources?.limits)),
    );
  });
}

function claimProblems(claim: PersistentVolumeClaim, limits: readonly Limit[]): string[] {
  const requests = amountsOf(claim.spec?.resources?.requests);
  return limits
    .filter(({ type }) => type === "PersistentVolumeClaim")
    .flatMap((limit) => [
      ...inOrder(limit.min).flatMap(([name, bound]) => tooLittle(limit.type, name, bound, requests, new Map())),
      ...inOrder(limit.max).flatMap(([name, bound]) => {
        const request = requests.get(name);
        const most = `maximum ${name} usage per ${limit.type} is ${bound}`;
        if (!request) return [`${most}.  No request is specified`];
        return request.compare(bound) > 0 ? [`${most}, but request is ${request}`] : [];
      }),
    ]);
}

function boundProblems(limit: Limit, requests: Amounts, limits: Amounts): string[] {
  const { type, min, max, maxLimitRequestRatio } = limit;
  return [
    ...inOrder(min).flatMap(([name, bound]) => tooLittle(type, name, bound, requests, limits)),
    ...inOrder(max).flatMap(([name, bound]) => tooMuch(type, name, bound, requests, limits)),
    ...inOrder(maxLimitRequestRatio).flatMap(([name, bound]) => tooBursty(type, name, bound, requests, limits)),
  ];
}

const inOrder = (list: Readonly<Record<string, string | number>> | undefined): (readonly [string, Quantity])[] =>
  Object.entries(list ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, amount]) => [name, quantityOf(amount)]);

function tooLittle(type: string, name: string, bound: Quantity, requests: Amounts, limits: Amounts): string[] {
  const request = requests.get(name);
  const limit = limits.get(name);
  const least = `minimum ${name} usage per ${type} is ${bound}`;
  if (!request) return [`${least}.  No request is specified`];
  if (request.compare(bound) < 0) return [`${least}, but request is ${request}`];
  return limit && limit.compare(bound) < 0 ? [`${least}, but limit is ${limit}`] : [];
}

function tooMuch(type: string, name: string, bound: Quantity, requests: Amounts, limits: Amounts): string[] {
  const request = requests.get(name);
  const limit = limits.get(name);
  const most = `maximum ${name} usage per ${type} is ${bound}`;
  if (!limit) return [`${most}.  No limit is specified`];
  if (limit.compare(bound) > 0) return [`${most}, but limit is ${limit}`];
  return request && request.compare(bound) > 0 ? [`${most}, but request is ${request}`] : [];
}

function tooBursty(type: string, name: string, bound: Quantity, requests: Amounts, limits: Amounts): string[] {
  const request = requests.get(name);
  const limit = limits.get(name);
  const ratio = `${name} max limit to request ratio per ${type} is ${bound}`;
  if (!request || request.isZero) return [`${ratio}, but no request is specified or request is 0`];
  if (!limit || limit.isZero) return [`${ratio}, but no limit is specified or limit is 0`];
  const observed = limit.toNumber() / request.toNumber();
  return observed > bound.toNumber() ? [`${ratio}, but provided ratio is ${observed.toFixed(6)}`] : [];
}

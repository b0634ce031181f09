import type { ResourceRequirements } from "@bellows/api";
import { compareQuantities, quantityOf } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { qualifiedNameProblems } from "./formats.ts";

const standard = new Set(["cpu", "memory", "ephemeral-storage"]);
const standardAnywhere = new Set([
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "storage",
  "requests.storage",
  "services.nodeports",
  "services.loadbalancers",
]);
const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
const isNative = (name: string): boolean => !name.includes("/") || name.includes("kubernetes.io/");
export const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith("requests.") && qualifiedNameProblems(`requests.${name}`).length === 0;
/** Amounts of these can be promised more than once; of the others a request is a limit. */
const isOvercommitAllowed = (name: string): boolean => isNative(name) && !isHugePages(name);

/** Names without a prefix that a quota may count. */
export const isQuotaResource = (name: string): boolean =>
  standardAnywhere.has(name) || isHugePages(name) || /^(requests|limits)\.hugepages-/.test(name);

/** What a resource may be called anywhere: in a quota, in a limit range. */
export function validateResourceName(errors: FieldErrors, name: string, path: string): boolean {
  const problems = qualifiedNameProblems(name);
  errors.invalidEach(path, name, problems);
  if (problems.length) return false;
  if (!name.includes("/") && !standardAnywhere.has(name) && !isHugePages(name)) {
    errors.invalid(path, name, "must be a standard resource type or fully qualified");
    return false;
  }
  return true;
}

/** What a container, or a limit on containers, may ask for. */
export function validateContainerResourceName(errors: FieldErrors, name: string, path: string): void {
  validateResourceName(errors, name, path);
  if (!name.includes("/")) {
    if (!standard.has(name) && !isHugePages(name))
      errors.invalid(path, name, "must be a standard resource for containers");
  } else if (!isNative(name) && !isExtended(name))
    errors.invalid(path, name, "doesn't follow extended resource name standard");
}

/** Not negative, and whole for what comes in pieces. */
export function validateAmount(errors: FieldErrors, name: string, amount: string, path: string): void {
  if (amount.startsWith("-")) errors.invalid(path, amount, "must be greater than or equal to 0");
  const whole = name.includes("/") ? isExtended(name) : ["pods", "services", "secrets", "configmaps"].includes(name);
  if (whole && quantityOf(amount).scaled(-3) % 1000n !== 0n) errors.invalid(path, amount, "must be an integer");
}

/** The resources of a container; requests may not exceed limits. */
export function validateResources(
  errors: FieldErrors,
  resources: ResourceRequirements | undefined,
  path: string,
): void {
  if (!resources) return;
  const { limits = {}, requests = {} } = resources;
  for (const name in limits) {
    validateContainerResourceName(errors, name, `${path}.limits[${name}]`);
    validateAmount(errors, name, limits[name] as string, `${path}.limits[${name}]`);
  }
  for (const name in requests) {
    const amount = requests[name] as string;
    validateContainerResourceName(errors, name, `${path}.requests[${name}]`);
    validateAmount(errors, name, amount, `${path}.requests[${name}]`);
    const limit = limits[name];
    if (limit !== undefined) {
      const order = compareQuantities(amount, limit);
      if (order !== 0 && !isOvercommitAllowed(name))
        errors.invalid(`${path}.requests`, amount, `must be equal to ${name} limit of ${limit}`);
      else if (order > 0)
        errors.invalid(`${path}.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`);
    } else if (!isOvercommitAllowed(name))
      errors.required(`${path}.limits`, "Limit must be set for non overcommitable resources");
  }
  const pages = [...Object.keys(limits), ...Object.keys(requests)].some(isHugePages);
  const cpuOrMemory = [limits, requests].some((list) => "cpu" in list || "memory" in list);
  if (pages && !cpuOrMemory) errors.forbidden(path, "HugePages require cpu or memory");
}

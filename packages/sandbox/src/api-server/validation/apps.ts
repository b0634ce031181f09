import type {
  DaemonSet,
  Deployment,
  DeploymentSpec,
  LabelSelector,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
  StatefulSetSpec,
} from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123LabelProblems } from "./formats.ts";
import { magnitude, validateAtMost100Percent, validateIntOrPercent } from "./int-or-percent.ts";
import { isEmptySelector, selects, validateLabelSelector } from "./label-selector.ts";
import { validatePodTemplate } from "./pod.ts";

interface Workload {
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}

const mismatch = "`selector` does not match template `labels`";

/** The selector of a workload; returns it when it can be used (no selector at all selects nothing). */
function validateSelector(errors: FieldErrors, spec: Workload, workload: string, badSelector: string): boolean {
  const { selector } = spec;
  if (!selector) {
    errors.required("spec.selector");
    return true;
  }
  const usable = validateLabelSelector(errors, selector, "spec.selector");
  if (isEmptySelector(selector)) errors.invalid("spec.selector", selector, `empty selector is invalid for ${workload}`);
  if (!usable) errors.invalid("spec.selector", selector, badSelector);
  return usable;
}

/** A template whose pods are kept running: labels that the selector selects, always restarted, without a deadline. */
function validateRunningTemplate(errors: FieldErrors, spec: Workload, workload: string): void {
  const template = spec.template ?? {};
  const labels = template.metadata?.labels;
  const matches = spec.selector ? isEmptySelector(spec.selector) || selects(spec.selector, labels ?? {}) : false;
  if (!matches) errors.invalid("spec.template.metadata.labels", labels ?? null, mismatch);
  validatePodTemplate(errors, template, "spec.template");
  validateKeptRunning(errors, template, workload);
}

function validateKeptRunning(errors: FieldErrors, template: PodTemplateSpec, workload: string): void {
  const path = "spec.template.spec";
  const policy = template.spec?.restartPolicy;
  if (policy !== "Always") errors.notSupported(`${path}.restartPolicy`, policy ?? "", ["Always"]);
  if (template.spec?.activeDeadlineSeconds !== undefined)
    errors.forbidden(`${path}.activeDeadlineSeconds`, `activeDeadlineSeconds in ${workload} is not Supported`);
}

export function validateDeployment(errors: FieldErrors, deployment: Deployment): void {
  const spec: Partial<DeploymentSpec> = deployment.spec ?? {};
  errors.nonNegative("spec.replicas", spec.replicas);
  if (validateSelector(errors, spec, "deployment", "invalid label selector"))
    validateRunningTemplate(errors, spec, "ReplicaSet");
  validateStrategy(errors, spec.strategy ?? {});
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  errors.nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit);
  const deadline = spec.progressDeadlineSeconds;
  errors.nonNegative("spec.progressDeadlineSeconds", deadline);
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0))
    errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
}

function validateStrategy(errors: FieldErrors, strategy: NonNullable<DeploymentSpec["strategy"]>): void {
  const path = "spec.strategy";
  const { type, rollingUpdate } = strategy;
  if (type === "Recreate") {
    if (rollingUpdate)
      errors.forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'");
  } else if (type === "RollingUpdate") {
    if (!rollingUpdate) {
      errors.required(`${path}.rollingUpdate`, "this should be defaulted and never be nil");
      return;
    }
    const { maxUnavailable, maxSurge } = rollingUpdate;
    const at = `${path}.rollingUpdate`;
    validateIntOrPercent(errors, maxUnavailable, `${at}.maxUnavailable`);
    validateIntOrPercent(errors, maxSurge, `${at}.maxSurge`);
    if (magnitude(maxUnavailable) === 0 && magnitude(maxSurge) === 0)
      errors.invalid(`${at}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0");
    validateAtMost100Percent(errors, maxUnavailable, `${at}.maxUnavailable`);
  } else
    errors.notSupported(path, { Type: type ?? "", RollingUpdate: rollingUpdate ?? null }, [
      "Recreate",
      "RollingUpdate",
    ]);
}

export function validateReplicaSet(errors: FieldErrors, replicaSet: ReplicaSet): void {
  const spec: Partial<NonNullable<ReplicaSet["spec"]>> = replicaSet.spec ?? {};
  errors.nonNegative("spec.replicas", spec.replicas);
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  // Upstream says "deployment" here too.
  if (validateSelector(errors, spec, "deployment", "invalid label selector"))
    validateRunningTemplate(errors, spec, "ReplicaSet");
}

export function validateDaemonSet(errors: FieldErrors, daemonSet: DaemonSet): void {
  const spec: Partial<NonNullable<DaemonSet["spec"]>> = daemonSet.spec ?? {};
  const { selector, template = {} } = spec;
  const usable = validateLabelSelector(errors, selector, "spec.selector");
  if (usable && (!selector || !selects(selector, template.metadata?.labels ?? {})))
    errors.invalid("spec.template.metadata.labels", template.metadata?.labels ?? null, mismatch);
  if (selector && isEmptySelector(selector))
    errors.invalid("spec.selector", selector, "empty selector is invalid for daemonset");
  validatePodTemplate(errors, template, "spec.template");
  validateKeptRunning(errors, template, "DaemonSet");
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  validateDaemonSetStrategy(errors, spec.updateStrategy ?? {});
  errors.nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit);
}

function validateDaemonSetStrategy(
  errors: FieldErrors,
  strategy: { type?: string; rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string } },
): void {
  const path = "spec.updateStrategy";
  if (strategy.type === "OnDelete") return;
  if (strategy.type !== "RollingUpdate") {
    errors.notSupported(path, { Type: strategy.type ?? "", RollingUpdate: null }, ["RollingUpdate", "OnDelete"]);
    return;
  }
  if (!strategy.rollingUpdate) {
    errors.required(`${path}.rollingUpdate`);
    return;
  }
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
  const at = `${path}.rollingUpdate`;
  validateIntOrPercent(errors, maxUnavailable, `${at}.maxUnavailable`);
  validateIntOrPercent(errors, maxSurge, `${at}.maxSurge`);
  validateAtMost100Percent(errors, maxUnavailable, `${at}.maxUnavailable`);
  validateAtMost100Percent(errors, maxSurge, `${at}.maxSurge`);
  const unavailable = magnitude(maxUnavailable) !== 0;
  const surge = magnitude(maxSurge) !== 0;
  if (unavailable && surge)
    errors.invalid(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero");
  if (!unavailable && !surge) errors.required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0");
}

export function validateStatefulSet(errors: FieldErrors, statefulSet: StatefulSet, isUpdate = false): void {
  const spec: Partial<StatefulSetSpec> = statefulSet.spec ?? {};
  const management = spec.podManagementPolicy;
  if (!management) errors.required("spec.podManagementPolicy");
  else if (management !== "OrderedReady" && management !== "Parallel")
    errors.invalid("spec.podManagementPolicy", management, "must be 'OrderedReady' or 'Parallel'");
  validateStatefulSetStrategy(errors, spec);
  for (const field of ["whenDeleted", "whenScaled"] as const)
    errors.oneOf(
      `spec.persistentVolumeClaimRetentionPolicy.${field}`,
      spec.persistentVolumeClaimRetentionPolicy?.[field] ?? "Retain",
      ["Retain", "Delete"],
    );
  errors.nonNegative("spec.replicas", spec.replicas);
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  errors.nonNegative("spec.ordinals.start", spec.ordinals?.start);
  if (!isUpdate && spec.serviceName)
    errors.invalidEach("spec.serviceName", spec.serviceName, dns1123LabelProblems(spec.serviceName));
  if (!validateSelector(errors, spec, "statefulset", "")) {
    validateKeptRunning(errors, spec.template ?? {}, "StatefulSet");
    return;
  }
  validateRunningTemplate(errors, { ...spec, template: withClaimVolumes(spec) }, "StatefulSet");
}

/** The pods get a volume for each claim template, which their containers may mount. */
function withClaimVolumes(spec: Partial<StatefulSetSpec>): PodTemplateSpec {
  const template = spec.template ?? {};
  const claims = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? "");
  if (!claims.length || !template.spec) return template;
  const own = (template.spec.volumes ?? []).filter(({ name }) => !claims.includes(name));
  const added = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...added, ...own] } };
}

function validateStatefulSetStrategy(errors: FieldErrors, spec: Partial<StatefulSetSpec>): void {
  const path = "spec.updateStrategy";
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  if (!type) errors.required(path);
  else if (type === "OnDelete") {
    if (rollingUpdate)
      errors.invalid(
        `${path}.rollingUpdate`,
        { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null },
        "only allowed for updateStrategy 'RollingUpdate'",
      );
  } else if (type === "RollingUpdate") {
    errors.nonNegative(`${path}.rollingUpdate.partition`, rollingUpdate?.partition);
    const { maxUnavailable } = rollingUpdate ?? {};
    if (maxUnavailable !== undefined) {
      validateIntOrPercent(errors, maxUnavailable, `${path}.rollingUpdate.maxUnavailable`);
      if (magnitude(maxUnavailable) === 0)
        errors.invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, "cannot be 0");
      validateAtMost100Percent(errors, maxUnavailable, `${path}.rollingUpdate.maxUnavailable`);
    }
  } else errors.invalid(path, { Type: type, RollingUpdate: null }, "must be 'RollingUpdate' or 'OnDelete'");
}

/** The selector of Deployments, ReplicaSets and DaemonSets stays as it was made. */
export function validateSelectorUpdate(
  errors: FieldErrors,
  object: { spec?: Workload },
  old: { spec?: Workload },
): void {
  if (!equalJson(object.spec?.selector, old.spec?.selector))
    errors.immutable("spec.selector", object.spec?.selector ?? null);
}

const mutableOfStatefulSet = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

export function validateStatefulSetUpdate(errors: FieldErrors, statefulSet: StatefulSet, old: StatefulSet): void {
  const fixed = (spec: StatefulSetSpec | undefined): Partial<StatefulSetSpec> => {
    const rest: Partial<StatefulSetSpec> = { ...spec };
    for (const field of mutableOfStatefulSet) delete rest[field];
    return rest;
  };
  if (!equalJson(fixed(statefulSet.spec), fixed(old.spec)))
    errors.forbidden(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
}

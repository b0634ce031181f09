import type { Container, Pod, PodSpec, PodTemplateSpec } from "@bellows/api";
import { validateContainer, validateProbesAndHooks } from "./container.ts";
import type { FieldErrors } from "./field-errors.ts";
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  inRange,
  ipProblems,
  qualifiedNameProblems,
} from "./formats.ts";
import { validateAnnotations, validateLabels } from "./metadata.ts";
import { validateAffinity, validateTolerations, validateTopologySpread } from "./scheduling.ts";
import { validatePodSecurity } from "./security-context.ts";
import { validateVolumes } from "./volume.ts";

const maxInt32 = 2 ** 31 - 1;

/** A pod that is created or, except through its subresources, changed. */
export function validatePod(errors: FieldErrors, pod: Pod, isUpdate = false): void {
  const spec = pod.spec ?? { containers: [] };
  validatePodSpec(errors, spec, "spec");
  if (!isUpdate && spec.ephemeralContainers?.length)
    errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
  (pod.spec?.containers ?? []).forEach((container, index) => {
    validateImage(errors, container, `spec.containers[${index}]`);
  });
  (pod.spec?.initContainers ?? []).forEach((container, index) => {
    validateImage(errors, container, `spec.initContainers[${index}]`);
  });
}

/** White space around an image is only refused in pods; templates have always taken it. */
function validateImage(errors: FieldErrors, { image }: Container, path: string): void {
  if (image && image.trim() !== image)
    errors.invalid(`${path}.image`, image, "must not have leading or trailing whitespace");
}

export function validatePodSpec(errors: FieldErrors, spec: PodSpec, path: string): void {
  const volumes = validateVolumes(errors, spec.volumes, `${path}.volumes`);
  validateContainers(errors, spec, path, volumes);
  validateHostNetwork(errors, spec, path);
  if (!spec.restartPolicy) errors.required(`${path}.restartPolicy`);
  else errors.oneOf(`${path}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]);
  if (!spec.dnsPolicy) errors.required(`${path}.dnsPolicy`);
  else
    errors.oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]);
  validateLabels(errors, spec.nodeSelector, `${path}.nodeSelector`);
  validatePodSecurity(errors, spec.securityContext, `${path}.securityContext`);
  validateAffinity(errors, spec.affinity, `${path}.affinity`);
  if (spec.dnsPolicy === "None" && !spec.dnsConfig)
    errors.required(`${path}.dnsConfig`, "must provide `dnsConfig` when `dnsPolicy` is None");
  else if (spec.dnsPolicy === "None" && !spec.dnsConfig?.nameservers?.length)
    errors.required(
      `${path}.dnsConfig.nameservers`,
      "must provide at least one DNS nameserver when `dnsPolicy` is None",
    );
  spec.readinessGates?.forEach(({ conditionType = "" }, index) => {
    errors.invalidEach(
      `${path}.readinessGates[${index}].conditionType`,
      conditionType,
      qualifiedNameProblems(conditionType),
    );
  });
  validateSchedulingGates(errors, spec, path);
  validateTopologySpread(errors, spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`);
  const name = (field: "serviceAccountName" | "nodeName" | "priorityClassName" | "runtimeClassName") => {
    const value = spec[field];
    if (value) errors.invalidEach(`${path}.${field}`, value, dns1123SubdomainProblems(value));
  };
  name("serviceAccountName");
  name("nodeName");
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32))
    errors.invalid(`${path}.activeDeadlineSeconds`, deadline, inRange(1, maxInt32));
  for (const field of ["hostname", "subdomain"] as const) {
    const value = spec[field];
    if (value) errors.invalidEach(`${path}.${field}`, value, dns1123LabelProblems(value));
  }
  validateTolerations(errors, spec.tolerations, `${path}.tolerations`);
  spec.hostAliases?.forEach(({ ip }, index) => {
    errors.invalidEach(`${path}.hostAliases[${index}].ip`, ip, ipProblems(ip));
  });
  name("priorityClassName");
  name("runtimeClassName");
  if (spec.preemptionPolicy !== undefined)
    errors.oneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, ["Never", "PreemptLowerPriority"]);
  if (spec.os && !["linux", "windows"].includes(spec.os.name))
    errors.notSupported(`${path}.os`, spec.os.name, ["linux", "windows"]);
}

function validateContainers(errors: FieldErrors, spec: PodSpec, path: string, volumes: ReadonlySet<string>): void {
  const names = new Set<string>();
  if (!spec.containers?.length) errors.required(`${path}.containers`);
  spec.containers?.forEach((container, index) => {
    const at = `${path}.containers[${index}]`;
    validateContainer(errors, container, at, volumes);
    if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name);
    names.add(container.name);
    validateProbesAndHooks(errors, container, at);
    if (container.restartPolicy !== undefined)
      errors.oneOf(`${at}.restartPolicy`, container.restartPolicy, ["Always", "Never", "OnFailure"]);
  });
  validateHostPorts(errors, spec.containers ?? [], `${path}.containers`);
  spec.initContainers?.forEach((container, index) => {
    const at = `${path}.initContainers[${index}]`;
    validateContainer(errors, container, at, volumes);
    if (container.restartPolicy !== undefined)
      errors.oneOf(`${at}.restartPolicy`, container.restartPolicy, ["Always", "Never", "OnFailure"]);
    if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name);
    else if (container.name) names.add(container.name);
    if (container.restartPolicy === "Always") validateProbesAndHooks(errors, container, at);
    else
      for (const field of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const)
        if (container[field])
          errors.forbidden(`${at}.${field}`, "may not be set for init containers without restartPolicy=Always");
  });
  spec.ephemeralContainers?.forEach((container, index) => {
    const at = `${path}.ephemeralContainers[${index}]`;
    validateContainer(errors, container, at, volumes);
    if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name);
    names.add(container.name);
  });
}

function validateHostPorts(errors: FieldErrors, containers: readonly Container[], path: string): void {
  const taken = new Set<string>();
  containers.forEach((container, index) => {
    container.ports?.forEach((port, position) => {
      if (!port.hostPort) return;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (taken.has(key)) errors.duplicate(`${path}[${index}].ports[${position}].hostPort`, key);
      taken.add(key);
    });
  });
}

function validateHostNetwork(errors: FieldErrors, spec: PodSpec, path: string): void {
  if (!spec.hostNetwork) return;
  for (const list of ["containers", "initContainers"] as const)
    spec[list]?.forEach((container, index) => {
      container.ports?.forEach((port, position) => {
        if (port.hostPort !== port.containerPort)
          errors.invalid(
            `${path}.${list}[${index}].ports[${position}].hostPort`,
            port.hostPort ?? 0,
            "must match `containerPort` when `hostNetwork` is true",
          );
      });
    });
}

function validateSchedulingGates(errors: FieldErrors, spec: PodSpec, path: string): void {
  const names = new Set<string>();
  spec.schedulingGates?.forEach(({ name = "" }, index) => {
    const at = `${path}.schedulingGates[${index}]`;
    errors.invalidEach(at, name, qualifiedNameProblems(name));
    if (names.has(name)) errors.duplicate(at, name);
    names.add(name);
  });
}

/** A template of a workload. */
export function validatePodTemplate(errors: FieldErrors, template: PodTemplateSpec, path: string): void {
  validateLabels(errors, template.metadata?.labels, `${path}.labels`);
  validateAnnotations(errors, template.metadata?.annotations, `${path}.annotations`);
  validatePodSpec(errors, template.spec ?? { containers: [] }, `${path}.spec`);
  if (template.spec?.ephemeralContainers?.length)
    errors.forbidden(`${path}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template");
}

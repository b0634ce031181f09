import type { FieldErrors } from "./field-errors.ts";
import { labelName, subdomainName } from "./metadata.ts";

// biome-ignore lint/suspicious/noExplicitAny: kinds of which only some fields are looked at, each as it is.
type Loose = any;

/** What kinds without many rules must have, in the order in which Kubernetes 1.35 looks. */
export function validateReplicationController(errors: FieldErrors, { spec = {} }: Loose): void {
  if (Object.keys(spec.selector ?? {}).length === 0) errors.required("spec.selector");
  errors.nonNegative("spec.replicas", spec.replicas);
  if (!spec.template) errors.required("spec.template");
}

export function validateControllerRevision(errors: FieldErrors, { data, revision }: Loose): void {
  if (data === undefined || data === null) errors.required("data", "data is mandatory");
  errors.nonNegative("revision", revision);
}

export function validateStorageCapacity(errors: FieldErrors, { storageClassName = "" }: Loose): void {
  errors.invalidEach("storageClassName", storageClassName, subdomainName(storageClassName, false));
}

export function validateVolumeAttachment(errors: FieldErrors, { spec = {} }: Loose): void {
  const { attacher = "", source = {}, nodeName = "" } = spec;
  if (attacher === "") errors.required("spec.attacher");
  if ((source.persistentVolumeName === undefined) === (source.inlineVolumeSpec === undefined))
    errors.required("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  errors.invalidEach("spec.nodeName", nodeName, subdomainName(nodeName, false));
  if (attacher === "") errors.required("spec.attacher");
}

export function validateVolumeAttributesClass(errors: FieldErrors, { driverName, parameters }: Loose): void {
  if (!driverName) errors.required("driverName");
  if (Object.keys(parameters ?? {}).length === 0)
    errors.required("parameters", "must contain at least one key/value pair");
}

export function validateRuntimeClass(errors: FieldErrors, { handler = "" }: Loose): void {
  errors.invalidEach("handler", handler, labelName(handler, false));
}

export function validateIngressClass(errors: FieldErrors, { spec = {} }: Loose): void {
  if (!spec.controller) errors.required("spec.controller");
}

export function validateFlowSchema(errors: FieldErrors, { spec = {} }: Loose): void {
  if (!spec.priorityLevelConfiguration?.name)
    errors.required("spec.priorityLevelConfiguration.name", "must reference a priority level");
}

export function validatePriorityLevel(errors: FieldErrors, { spec = {} }: Loose): void {
  errors.oneOf("spec.type", spec.type, ["Exempt", "Limited"]);
  if (spec.type === "Limited")
    errors.oneOf("spec.limited.limitResponse.type", spec.limited?.limitResponse?.type, ["Queue", "Reject"]);
}

export function validateSigningRequest(errors: FieldErrors, { spec = {} }: Loose): void {
  const { request, usages, signerName } = spec;
  if (!/^-----BEGIN CERTIFICATE REQUEST-----/m.test(Buffer.from(request ?? "", "base64").toString("latin1")))
    errors.invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST");
  if (!usages?.length) errors.required("spec.usages");
  if (!signerName) errors.required("spec.signerName");
}

export function validateResourceSlice(errors: FieldErrors, { spec = {} }: Loose): void {
  const { driver, pool = {}, nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec;
  if (!driver) errors.required("spec.driver");
  if (!pool.name) errors.required("spec.pool.name");
  if (!(pool.resourceSliceCount > 0))
    errors.invalid("spec.pool.resourceSliceCount", pool.resourceSliceCount ?? 0, "must be greater than zero");
  if ([nodeName, nodeSelector, allNodes, perDeviceNodeSelection].filter(Boolean).length !== 1)
    errors.required(
      "spec",
      "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required",
    );
}

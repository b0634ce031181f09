import type { PodSecurityContext, SecurityContext } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { inRange } from "./formats.ts";

const maxId = 2 ** 31 - 1;
const sysctl = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const sysctlPattern = new RegExp(sysctl);

function validateId(errors: FieldErrors, id: number | undefined, path: string): void {
  if (id !== undefined && (id < 0 || id > maxId)) errors.invalid(path, id, inRange(0, maxId));
}

export function validateContainerSecurity(
  errors: FieldErrors,
  context: SecurityContext | undefined,
  path: string,
): void {
  if (!context) return;
  validateId(errors, context.runAsUser, `${path}.runAsUser`);
  validateId(errors, context.runAsGroup, `${path}.runAsGroup`);
  if (context.procMount !== undefined) errors.oneOf(`${path}.procMount`, context.procMount, ["Default", "Unmasked"]);
  validateSeccomp(errors, context.seccompProfile, `${path}.seccompProfile`);
  if (context.allowPrivilegeEscalation !== false) return;
  if (context.privileged)
    errors.invalid(path, asGo(context), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  if (context.capabilities?.add?.includes("CAP_SYS_ADMIN"))
    errors.invalid(
      path,
      asGo(context),
      "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
    );
}

/** The internal struct as JSON, which is what the message shows. */
const asGo = (context: SecurityContext) => ({
  Capabilities: context.capabilities
    ? { Add: context.capabilities.add ?? null, Drop: context.capabilities.drop ?? null }
    : null,
  Privileged: context.privileged ?? null,
  SELinuxOptions: null,
  WindowsOptions: null,
  RunAsUser: context.runAsUser ?? null,
  RunAsGroup: context.runAsGroup ?? null,
  RunAsNonRoot: context.runAsNonRoot ?? null,
  ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
  AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
  ProcMount: context.procMount ?? null,
  SeccompProfile: null,
  AppArmorProfile: null,
});

export function validatePodSecurity(errors: FieldErrors, context: PodSecurityContext | undefined, path: string): void {
  if (!context) return;
  validateId(errors, context.fsGroup, `${path}.fsGroup`);
  validateId(errors, context.runAsUser, `${path}.runAsUser`);
  validateId(errors, context.runAsGroup, `${path}.runAsGroup`);
  context.supplementalGroups?.forEach((group, index) => {
    validateId(errors, group, `${path}.supplementalGroups[${index}]`);
  });
  const names = new Set<string>();
  context.sysctls?.forEach(({ name }, index) => {
    const at = `${path}.sysctls[${index}].name`;
    if (!name) errors.required(at);
    else if (name.length > 253 || !sysctlPattern.test(name))
      errors.invalid(at, name, `must have at most 253 characters and match regex ${sysctl}`);
    else if (names.has(name)) errors.duplicate(at, name);
    names.add(name);
  });
  if (context.fsGroupChangePolicy !== undefined)
    errors.oneOf(`${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ["Always", "OnRootMismatch"]);
  validateSeccomp(errors, context.seccompProfile, `${path}.seccompProfile`);
}

function validateSeccomp(errors: FieldErrors, profile: PodSecurityContext["seccompProfile"], path: string): void {
  if (!profile) return;
  const { type, localhostProfile } = profile;
  if (type === "Localhost") {
    if (localhostProfile === undefined)
      errors.required(`${path}.localhostProfile`, "must be set when seccomp type is Localhost");
  } else if (localhostProfile !== undefined)
    errors.invalid(`${path}.localhostProfile`, localhostProfile, "can only be set when seccomp type is Localhost");
  if (!type) errors.required(`${path}.type`, "type is required when seccompProfile is set");
  else errors.oneOf(`${path}.type`, type, ["Localhost", "RuntimeDefault", "Unconfined"]);
}

import type { APIService } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { dns1035LabelProblems, dns1123SubdomainProblems, pathSegmentProblems, portNumberProblems } from "./formats.ts";

/** An APIService is called by its version and group; with a service it says how that is trusted. */
export function validateApiService(errors: FieldErrors, { metadata, spec = {} as never }: APIService): void {
  const { group = "", version = "", groupPriorityMinimum = 0, versionPriority = 0, service } = spec;
  const { caBundle = "", insecureSkipTLSVerify = false } = spec;
  const name = `${version}.${group}`;
  const segment = pathSegmentProblems(metadata.name);
  if (segment.length > 0) errors.invalidEach("metadata.name", metadata.name, segment);
  else if (metadata.name !== name)
    errors.invalid("metadata.name", metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`);
  if (group === "" && version !== "v1")
    errors.required("spec.group", "only v1 may have an empty group and it better be legacy kube");
  if (group !== "") errors.invalidEach("spec.group", group, dns1123SubdomainProblems(group));
  errors.invalidEach("spec.version", version, dns1035LabelProblems(version));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000)
    errors.invalid("spec.groupPriorityMinimum", groupPriorityMinimum, "must be positive and less than 20000");
  if (versionPriority <= 0 || versionPriority > 1000)
    errors.invalid("spec.versionPriority", versionPriority, "must be positive and less than 1000");
  const bytes = Buffer.from(caBundle, "base64").length;
  if (!service) {
    if (bytes > 0) errors.invalid("spec.caBundle", `${bytes} bytes`, "local APIServices may not have a caBundle");
    if (insecureSkipTLSVerify)
      errors.invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify");
    return;
  }
  if (!service.namespace) errors.required("spec.service.namespace");
  if (!service.name) errors.required("spec.service.name");
  const { port = 443 } = service;
  const problems = portNumberProblems(port);
  if (problems.length > 0) errors.invalid("spec.service.port", port, `port is not valid: ${problems.join(", ")}`);
  if (insecureSkipTLSVerify && bytes > 0)
    errors.invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present");
}

import type { Container, ContainerPort, EnvVar, Lifecycle, Probe } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import {
  configKeyProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  envVarNameProblems,
  inRange,
  portNameProblems,
  portNumberProblems,
} from "./formats.ts";
import { validateResources } from "./resources.ts";
import { validateContainerSecurity } from "./security-context.ts";

export const protocols = ["SCTP", "TCP", "UDP"];

/** What init, regular and ephemeral containers have in common. */
export function validateContainer(
  errors: FieldErrors,
  container: Container,
  path: string,
  volumes: ReadonlySet<string>,
): void {
  const { name, image, terminationMessagePolicy, imagePullPolicy } = container;
  if (!name) errors.required(`${path}.name`);
  else errors.invalidEach(`${path}.name`, name, dns1123LabelProblems(name));
  if (!image) errors.required(`${path}.image`);
  if (!terminationMessagePolicy) errors.required(`${path}.terminationMessagePolicy`);
  else errors.oneOf(`${path}.terminationMessagePolicy`, terminationMessagePolicy, ["File", "FallbackToLogsOnError"]);
  validatePorts(errors, container.ports, `${path}.ports`);
  container.env?.forEach((variable, index) => {
    validateEnv(errors, variable, `${path}.env[${index}]`);
  });
  validateEnvFrom(errors, container, path);
  validateMounts(errors, container, path, volumes);
  if (!imagePullPolicy) errors.required(`${path}.imagePullPolicy`);
  else errors.oneOf(`${path}.imagePullPolicy`, imagePullPolicy, ["Always", "IfNotPresent", "Never"]);
  validateResources(errors, container.resources, `${path}.resources`);
  validateResizePolicy(errors, container, path);
  validateContainerSecurity(errors, container.securityContext, `${path}.securityContext`);
}

function validatePorts(errors: FieldErrors, ports: readonly ContainerPort[] | undefined, path: string): void {
  const names = new Set<string>();
  ports?.forEach((port, index) => {
    const at = `${path}[${index}]`;
    if (port.name) {
      const problems = portNameProblems(port.name);
      if (problems.length) errors.invalidEach(`${at}.name`, port.name, problems);
      else if (names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
      else names.add(port.name);
    }
    if (!port.containerPort) errors.required(`${at}.containerPort`);
    else errors.invalidEach(`${at}.containerPort`, port.containerPort, portNumberProblems(port.containerPort));
    if (port.hostPort) errors.invalidEach(`${at}.hostPort`, port.hostPort, portNumberProblems(port.hostPort));
    if (!port.protocol) errors.required(`${at}.protocol`);
    else errors.oneOf(`${at}.protocol`, port.protocol, protocols);
  });
}

const fieldPaths = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const envResources = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

function validateEnv(errors: FieldErrors, variable: EnvVar, path: string): void {
  if (!variable.name) errors.required(`${path}.name`);
  else errors.invalidEach(`${path}.name`, variable.name, envVarNameProblems(variable.name));
  const from = variable.valueFrom;
  if (!from) return;
  const at = `${path}.valueFrom`;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = from;
  if (fieldRef) validateFieldRef(errors, fieldRef.fieldPath ?? "", fieldRef.apiVersion ?? "", `${at}.fieldRef`);
  if (resourceFieldRef) {
    const resource = resourceFieldRef.resource ?? "";
    if (!resource) errors.required(`${at}.resourceFieldRef.resource`);
    else if (!envResources.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource))
      errors.notSupported(`${at}.resourceFieldRef.resource`, resource, envResources);
  }
  for (const [name, ref] of [
    ["configMapKeyRef", configMapKeyRef],
    ["secretKeyRef", secretKeyRef],
  ] as const) {
    if (!ref) continue;
    const refName = ref.name ?? "";
    errors.invalidEach(`${at}.${name}.name`, refName, dns1123SubdomainProblems(refName));
    if (!ref.key) errors.required(`${at}.${name}.key`);
    else errors.invalidEach(`${at}.${name}.key`, ref.key, configKeyProblems(ref.key));
  }
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (sources === 0)
    errors.invalid(
      at,
      "",
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
    );
  else if (variable.value) errors.invalid(at, "", "may not be specified when `value` is not empty");
  else if (sources > 1) errors.invalid(at, "", "may not have more than one field specified at a time");
}

function validateFieldRef(errors: FieldErrors, fieldPath: string, apiVersion: string, path: string): void {
  if (!apiVersion) errors.required(`${path}.apiVersion`);
  else if (!fieldPath) errors.required(`${path}.fieldPath`);
  else if (!fieldPaths.includes(fieldPath) && !/^metadata\.(labels|annotations)\['[^']+'\]$/.test(fieldPath)) {
    if (/^metadata\.(labels|annotations)$/.test(fieldPath))
      errors.notSupported(`${path}.fieldPath`, fieldPath, fieldPaths);
    else
      errors.invalid(
        `${path}.fieldPath`,
        fieldPath,
        `error converting fieldPath: field label not supported: ${fieldPath}`,
      );
  }
}

function validateEnvFrom(errors: FieldErrors, container: Container, path: string): void {
  container.envFrom?.forEach((source, index) => {
    const at = `${path}.envFrom[${index}]`;
    const refs = [
      ["configMapRef", source.configMapRef],
      ["secretRef", source.secretRef],
    ] as const;
    for (const [name, ref] of refs)
      if (ref) errors.invalidEach(`${at}.${name}.name`, ref.name ?? "", dns1123SubdomainProblems(ref.name ?? ""));
    const given = refs.filter(([, ref]) => ref).length;
    if (given === 0) errors.invalid(`${path}.envFrom`, "", "must specify one of: `configMapRef` or `secretRef`");
    else if (given > 1) errors.invalid(`${path}.envFrom`, "", "may not have more than one field specified at a time");
  });
}

function validateMounts(errors: FieldErrors, container: Container, path: string, volumes: ReadonlySet<string>): void {
  const mountPaths = new Set<string>();
  container.volumeMounts?.forEach((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`;
    if (!mount.name) errors.required(`${at}.name`);
    if (!volumes.has(mount.name)) errors.notFound(`${at}.name`, mount.name ?? "");
    if (!mount.mountPath) errors.required(`${at}.mountPath`);
    if (mountPaths.has(mount.mountPath)) errors.invalid(`${at}.mountPath`, mount.mountPath, "must be unique");
    mountPaths.add(mount.mountPath);
    if (mount.subPath && mount.subPathExpr)
      errors.invalid(`${at}.subPathExpr`, mount.subPathExpr, "subPathExpr and subPath are mutually exclusive");
    for (const part of ["subPath", "subPathExpr"] as const) {
      const value = mount[part];
      if (!value) continue;
      if (value.startsWith("/")) errors.invalid(`${at}.${part}`, value, "must be a relative path");
      if (value.split("/").includes("..")) errors.invalid(`${at}.${part}`, value, "must not contain '..'");
    }
  });
}

function validateResizePolicy(errors: FieldErrors, container: Container, path: string): void {
  container.resizePolicy?.forEach((policy) => {
    const at = `${path}.resizePolicy`;
    if (!policy.resourceName) errors.required(at);
    else errors.oneOf(at, policy.resourceName, ["cpu", "memory"]);
    if (!policy.restartPolicy) errors.required(at);
    else errors.oneOf(at, policy.restartPolicy, ["NotRequired", "RestartContainer"]);
  });
}

type Handler = NonNullable<Lifecycle["preStop"]> & Pick<Probe, "grpc">;

/** Probes and hooks of containers that stay. */
export function validateProbesAndHooks(errors: FieldErrors, container: Container, path: string): void {
  const { lifecycle } = container;
  for (const hook of ["postStart", "preStop"] as const) {
    const handler = lifecycle?.[hook];
    if (handler) validateHandler(errors, handler, `${path}.lifecycle.${hook}`);
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[name];
    if (!probe) continue;
    const at = `${path}.${name}`;
    validateProbe(errors, probe, at);
    if (name !== "readinessProbe" && probe.successThreshold !== 1)
      errors.invalid(`${at}.successThreshold`, probe.successThreshold ?? 0, "must be 1");
    if (name === "readinessProbe" && probe.terminationGracePeriodSeconds !== undefined)
      errors.invalid(
        `${at}.terminationGracePeriodSeconds`,
        probe.terminationGracePeriodSeconds,
        "must not be set for readinessProbes",
      );
  }
}

function validateProbe(errors: FieldErrors, probe: Probe, path: string): void {
  validateHandler(errors, probe, path);
  for (const field of [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const)
    errors.nonNegative(`${path}.${field}`, probe[field]);
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0)
    errors.invalid(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than 0");
}

function validateHandler(errors: FieldErrors, handler: Handler, path: string): void {
  let handlers = 0;
  for (const kind of ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const) {
    if (!handler[kind]) continue;
    const at = `${path}.${kind}`;
    if (handlers++ > 0) {
      errors.forbidden(at, "may not specify more than 1 handler type");
      continue;
    }
    if (kind === "exec" && !handler.exec?.command?.length) errors.required(`${at}.command`);
    if (kind === "httpGet") {
      const { path: url, scheme, port, httpHeaders } = handler.httpGet ?? { port: 0 };
      if (!url) errors.required(`${at}.path`);
      validatePortNumberOrName(errors, port, `${at}.port`);
      errors.oneOf(`${at}.scheme`, scheme, ["HTTP", "HTTPS"]);
      for (const header of httpHeaders ?? [])
        if (!/^[-A-Za-z0-9]+$/.test(header.name))
          errors.invalid(
            `${at}.httpHeaders`,
            header.name,
            "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
          );
    }
    if (kind === "tcpSocket") validatePortNumberOrName(errors, handler.tcpSocket?.port ?? 0, `${at}.port`);
    if (kind === "grpc") validatePortNumberOrName(errors, handler.grpc?.port ?? 0, `${at}.port`);
    if (kind === "sleep" && (handler.sleep?.seconds ?? 0) < 0)
      errors.invalid(at, handler.sleep?.seconds, inRange(0, 0));
  }
  if (handlers === 0) errors.required(path, "must specify a handler type");
}

export function validatePortNumberOrName(errors: FieldErrors, port: number | string, path: string): void {
  errors.invalidEach(path, port, typeof port === "number" ? portNumberProblems(port) : portNameProblems(port));
}

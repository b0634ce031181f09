import { Quantity } from "@bellows/api";
import { type ApiObject, record } from "../api-object.ts";

// biome-ignore lint/suspicious/noExplicitAny: a PodSpec that has passed its schema; each field is looked at as it is.
type Loose = any;

/** What a Pod's author is told beside the answer, in the order of `GetWarningsForPod` of Kubernetes 1.35. */
export function podWarnings(pod: ApiObject, before: ApiObject | undefined): string[] {
  const { name } = pod.metadata;
  const hostname =
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: ";
  const dotted = !before && name.includes(".") ? [`${hostname}[must not contain dots]`] : [];
  return [...dotted, ...specWarnings(record(pod.spec), pod.metadata, "")];
}

/** The same of a template, where it has changed. */
export function templateWarnings(template: unknown, before: unknown, path: string): string[] {
  if (template === before) return [];
  const { spec, metadata } = record(template);
  return specWarnings(record(spec), record(metadata), `${path}.`);
}

function specWarnings(spec: Loose, metadata: Loose, prefix: string): string[] {
  const containers = [
    ...(spec.initContainers ?? []).map((one: Loose, at: number) => [one, `${prefix}spec.initContainers[${at}]`]),
    ...(spec.containers ?? []).map((one: Loose, at: number) => [one, `${prefix}spec.containers[${at}]`]),
  ] as [Loose, string][];
  return [
    ...placementWarnings(spec, `${prefix}spec`),
    ...annotationWarnings(metadata.annotations ?? {}, `${prefix}metadata.annotations`),
    ...volumeWarnings(spec.volumes ?? [], `${prefix}spec.volumes`),
    ...duplicates(spec.hostAliases, "ip", `${prefix}spec.hostAliases`),
    ...duplicates(spec.imagePullSecrets, "name", `${prefix}spec.imagePullSecrets`),
    ...containers.flatMap(([one, path]) => [...fractionWarnings(one, path), ...variableWarnings(one.env ?? [], path)]),
    ...portWarnings(containers),
    ...(prefix !== "" && spec.terminationGracePeriodSeconds < 0
      ? [
          `${prefix}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec.affinity ?? {}, `${prefix}spec.affinity`),
  ];
}

const renamedLabels: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};
const nullSelector = "a null labelSelector results in matching no pod";

function placementWarnings(spec: Loose, path: string): string[] {
  const selector = Object.keys(spec.nodeSelector ?? {}).flatMap((key) =>
    renamedLabels[key] ? [`${path}.nodeSelector[${key}]: ${renamedLabels[key]}`] : [],
  );
  const spread = (spec.topologySpreadConstraints ?? []).flatMap((one: Loose, at: number) => {
    const place = `${path}.topologySpreadConstraints[${at}]`;
    const renamed = renamedLabels[one.topologyKey];
    return [
      ...(renamed ? [`${place}.topologyKey: ${one.topologyKey} is ${renamed}`] : []),
      ...(one.labelSelector ? [] : [`${place}.labelSelector: ${nullSelector}`]),
    ];
  });
  return [...selector, ...spread];
}

const oldAnnotations: Readonly<Record<string, string>> = {
  "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};

const annotationWarnings = (annotations: Loose, path: string): string[] =>
  Object.entries(oldAnnotations).flatMap(([key, why]) => (key in annotations ? [`${path}[${key}]: ${why}`] : []));

const oldVolumes: Readonly<Record<string, string>> = {
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  gitRepo: "deprecated in v1.11, and disabled by default in v1.33+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  flocker: "deprecated in v1.22, non-functional in v1.25+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  quobyte: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
};

const volumeWarnings = (volumes: Loose[], path: string): string[] =>
  volumes.flatMap((volume, at) =>
    Object.entries(oldVolumes).flatMap(([source, why]) => (volume[source] ? [`${path}[${at}].${source}: ${why}`] : [])),
  );

const duplicates = (list: Loose[] | undefined, key: string, path: string): string[] =>
  (list ?? []).flatMap((one, at, all) =>
    all.findIndex((other) => other[key] === one[key]) < at
      ? [`${path}[${at}].${key}: duplicate ${key} ${JSON.stringify(one[key])}`]
      : [],
  );

const fractionWarnings = ({ resources = {} }: Loose, path: string): string[] =>
  (["memory", "ephemeral-storage"] as const).flatMap((name) =>
    (["limits", "requests"] as const).flatMap((side) => {
      const text = resources[side]?.[name];
      if (text === undefined || Quantity.parse(text).milliValue() % 1000 === 0) return [];
      return [
        `${path}.resources.${side}[${name}]: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`,
      ];
    }),
  );

const variableWarnings = (variables: Loose[], path: string): string[] =>
  variables.flatMap(({ name, value = "", valueFrom }, at, all) => {
    const again = all.findIndex((other) => other.name === name) < at;
    const reference = `$(${name})`;
    const builds = !valueFrom && value !== reference && value.includes(reference);
    if (!again || builds) return [];
    return [
      `${path}.env[${at}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ];
  });

function portWarnings(containers: readonly [Loose, string][]): string[] {
  const found: string[] = [];
  const seen: { port: Loose; path: string }[] = [];
  for (const [container, place] of containers)
    for (const [at, port] of (container.ports ?? []).entries()) {
      const path = `${place}.ports[${at}]`;
      for (const other of seen) {
        const { containerPort, protocol, hostIP = "", hostPort = 0 } = other.port;
        if (containerPort !== port.containerPort || protocol !== port.protocol) continue;
        if (hostIP === (port.hostIP ?? "") && hostPort === (port.hostPort ?? 0))
          found.push(`${path}: duplicate port definition with ${other.path}`);
        else if (!hostPort || !port.hostPort) found.push(`${path}: overlapping port definition with ${other.path}`);
        else if (hostPort === port.hostPort && !hostIP !== !port.hostIP)
          found.push(`${path}: dangerously ambiguous port definition with ${other.path}`);
      }
      seen.push({ port, path });
    }
  return found;
}

function affinityWarnings({ podAffinity, podAntiAffinity }: Loose, path: string): string[] {
  return Object.entries({ podAffinity, podAntiAffinity }).flatMap(([kind, affinity]) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term: Loose, at: number) =>
      term.labelSelector
        ? []
        : [`${path}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${at}].labelSelector: ${nullSelector}`],
    ),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term: Loose, at: number) =>
      term.podAffinityTerm?.labelSelector
        ? []
        : [
            `${path}.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${at}].podAffinityTerm.labelSelector: ${nullSelector}`,
          ],
    ),
  ]);
}

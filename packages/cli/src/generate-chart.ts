import { environmentVariableOf, flagOf } from "@bellows/api";
import { type GeneratedFile, generatedFiles } from "@bellows/api/generate";
import { stringify } from "yaml";
import { z } from "zod";
import { valueName } from "./controllers/access.ts";
import { type ControllerCommand, controllerCommands } from "./controllers/catalogue.ts";

const chart = "deploy/helm/bellows";
/** The cpa part as a chart of its own: it takes the place of upstream's chart, with the same values. */
const cpaChart = "deploy/helm/cluster-proportional-autoscaler";

/** Folders whose files are all generated. */
export const generatedChartFolders: readonly string[] = [`${chart}/charts/crds/templates`];

/** Settings that the chart sets itself, or that make no sense in a pod. */
const notInCharts = new Set([
  "kubeconfig",
  "context",
  "bindAddress",
  "leaderElectResourceNamespace",
  "leaderElectResourceName",
  "serviceName",
  "conversionServiceName",
  "dashboardToken",
]);

/** The values and their schemas, the definitions as templates, and the reference of settings: from the zod schemas. */
export async function generatedChartFiles(): Promise<GeneratedFile[]> {
  const commands = await Promise.all(Object.values(controllerCommands).map(({ load }) => load()));
  const parts = commands.map((command) => ({
    folder: command.name,
    name: command.name,
    settings: shapeOf(command),
    isAll: false,
  }));
  const all = {
    folder: "all-in-one",
    name: "all",
    settings: withoutAlone(Object.assign({}, ...parts.map(({ settings }) => settings))),
    isAll: true,
  };
  return [
    ...[...parts, all].flatMap((part) => [
      { path: `${chart}/charts/${part.folder}/values.yaml`, text: valuesText(part) },
      { path: `${chart}/charts/${part.folder}/values.schema.json`, text: json(schemaOf(part)) },
    ]),
    ...parts
      .filter(({ name }) => name === "cpa")
      .flatMap((part) => [
        {
          path: `${cpaChart}/values.yaml`,
          text: valuesText(part, { global: globalValues, replicaCount: 1, replicas: undefined }),
        },
        { path: `${cpaChart}/values.schema.json`, text: json(schemaOf(part)) },
      ]),
    { path: `${chart}/values.yaml`, text: umbrellaValues() },
    { path: `${chart}/values.schema.json`, text: json(umbrellaSchema()) },
    ...definitionTemplates(),
    { path: "docs/reference/settings.md", text: settingsPage(commands) },
  ];
}

interface Part {
  readonly folder: string;
  readonly name: string;
  readonly settings: Readonly<Record<string, z.ZodType>>;
  readonly isAll: boolean;
}

const shapeOf = ({ settings }: ControllerCommand): Record<string, z.ZodType> =>
  Object.fromEntries(
    Object.entries(settings.shape as Record<string, z.ZodType>).filter(([key]) => !notInCharts.has(key)),
  );

/** Without the settings that a controller has only where it runs alone. */
const withoutAlone = ({ watchNamespace: _, ...settings }: Record<string, z.ZodType>) => settings;

const upstreamNote =
  "# The values of upstream's chart cluster-proportional-autoscaler are taken as they are: config.ladder or config.linear,\n# options, replicaCount, nameOverride, fullnameOverride, serviceAccount and so on.\n";

const note = "Generated from the settings' schemas by `npm run generate`; do not edit.";
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const hasDashboard = ({ name, isAll }: Part) => isAll || name === "dashboard";
const hasEventScaler = ({ name, isAll }: Part) => isAll || name === "event-scaler";

function valuesOf(part: Part): Record<string, unknown> {
  // A second replica of the event scaler would answer for triggers that only the leader has open.
  const isOne = part.name === "dashboard" || part.name === "event-scaler";
  return {
    ...(part.isAll && { controllers: ["hpa", "cpa"] }),
    replicas: isOne ? 1 : 2,
    config: {},
    env: [],
    envFrom: [],
    volumes: [],
    volumeMounts: [],
    ...(hasDashboard(part) && { tokenSecret: { create: true, name: `bellows-${part.name}-token`, key: "token" } }),
    ...(hasEventScaler(part) && {
      vault: { tokenSecret: { name: "", key: "token" }, namespace: "" },
      unregisterHook: { enabled: true },
    }),
    rbac: { create: true },
    serviceAccount: { create: true, name: "", annotations: {} },
    serviceMonitor: { enabled: false, interval: "30s", labels: {}, relabelings: [], metricRelabelings: [] },
    prometheusRule: { enabled: false, labels: {}, rules: [] },
    networkPolicy: { enabled: true, apiServerPorts: [443, 6443] },
    // Without the others nothing scales; without the dashboard nobody looks.
    priorityClassName: part.name === "dashboard" ? "" : "system-cluster-critical",
    imagePullSecrets: [],
    deploymentAnnotations: {},
    podLabels: {},
    podAnnotations: {},
    podSecurityContext: {},
    securityContext: {},
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    nodeSelector: {},
    affinity: {},
    tolerations: [],
    // Nothing said: spread over zones and hosts, where that can be.
    topologySpreadConstraints: null,
    strategy: {},
    terminationGracePeriodSeconds: 30,
    hostNetwork: false,
    dnsPolicy: "",
    dnsConfig: {},
  };
}

/** What the cpa part takes besides, so that values of upstream's chart (1.1.0) can be used as they are. */
function upstreamCpaValues(): Record<string, object> {
  const text = { type: ["string", "null"] };
  const whole = { type: ["integer", "string", "null"] };
  const flag = { type: ["boolean", "string", "null"] };
  const note = (description: string) => ({ description });
  return {
    replicaCount: { type: "integer", minimum: 0, ...note("Takes the place of replicas.") },
    image: {
      type: "object",
      properties: { repository: text, pullPolicy: text, tag: text },
      additionalProperties: false,
      ...note("Accepted and not used: global.image is what runs."),
    },
    fullnameOverride: text,
    nameOverride: text,
    options: {
      type: "object",
      properties: {
        target: { ...text, ...note("deployment/NAME, or several separated by commas.") },
        namespace: { ...text, ...note("Namespace of the target; default the release's.") },
        nodeLabels: { type: ["object", "null"], ...note("Labels of the nodes that count.") },
        pollPeriodSeconds: whole,
        maxSyncFailures: whole,
        logLevel: { ...whole, ...note("2 or more: debug.") },
        alsoLogToStdErr: { ...flag, ...note("Accepted and not used, as the four that follow.") },
        logToStdErr: flag,
        logBacktraceAt: text,
        logDir: text,
        stdErrThreshold: whole,
        vmodule: text,
      },
      additionalProperties: false,
    },
  };
}

function valuesText(part: Part, instead: Record<string, unknown> = {}): string {
  const settings = Object.entries(part.settings).map(([key, setting]) => {
    const value = setting.safeParse(undefined);
    return `#   ${key}: ${value.success && value.data !== undefined ? JSON.stringify(value.data) : ""}\n#     ${setting.meta()?.description ?? ""}\n`;
  });
  return `# ${note}\n${stringify({ ...valuesOf(part), ...instead })}${part.name === "cpa" ? upstreamNote : ""}# What config takes, with its defaults (\`bellows ${part.name} --help\`):\n${settings.join("")}`;
}

function schemaOf(part: Part): object {
  const object = { type: "object" };
  const boolean = { type: "boolean" };
  const text = { type: "string" };
  const texts = { ...object, additionalProperties: text };
  const objects = { type: "array", items: object };
  const isCpa = part.name === "cpa";
  const properties = Object.fromEntries(
    Object.entries(part.settings).map(([key, setting]) => {
      const { $schema: _, ...schema } = z.toJSONSchema(setting, { io: "input" });
      const { env: __, secret: ___, ...plain } = schema as Record<string, unknown>;
      return [key, plain];
    }),
  );
  const closed = (fields: Record<string, object>) => ({ ...object, properties: fields, additionalProperties: false });
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    ...closed({
      enabled: boolean,
      global: object,
      lib: object,
      ...(part.isAll && {
        controllers: {
          type: "array",
          minItems: 1,
          uniqueItems: true,
          items: { enum: Object.keys(controllerCommands) },
        },
      }),
      replicas: { type: "integer", minimum: 0 },
      config: closed({ ...properties, ...(isCpa && { ladder: object, linear: object }) }),
      ...(isCpa && upstreamCpaValues()),
      env: objects,
      envFrom: objects,
      volumes: objects,
      volumeMounts: objects,
      ...(hasDashboard(part) && { tokenSecret: closed({ create: boolean, name: text, key: text }) }),
      ...(hasEventScaler(part) && {
        vault: closed({ tokenSecret: closed({ name: text, key: text }), namespace: text }),
        unregisterHook: closed({ enabled: boolean }),
      }),
      rbac: closed({ create: boolean }),
      serviceAccount: closed({ create: boolean, name: { type: ["string", "null"] }, annotations: texts }),
      serviceMonitor: closed({
        enabled: boolean,
        interval: text,
        labels: texts,
        relabelings: objects,
        metricRelabelings: objects,
      }),
      prometheusRule: closed({ enabled: boolean, labels: texts, rules: objects }),
      networkPolicy: closed({
        enabled: boolean,
        apiServerPorts: { type: "array", minItems: 1, items: { type: "integer", minimum: 1, maximum: 65_535 } },
      }),
      priorityClassName: text,
      imagePullSecrets: objects,
      deploymentAnnotations: texts,
      podLabels: texts,
      podAnnotations: texts,
      podSecurityContext: object,
      securityContext: object,
      resources: object,
      nodeSelector: texts,
      affinity: object,
      tolerations: objects,
      topologySpreadConstraints: { type: ["array", "null"], items: object },
      strategy: object,
      terminationGracePeriodSeconds: { type: "integer", minimum: 0 },
      hostNetwork: boolean,
      dnsPolicy: { enum: ["", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] },
      dnsConfig: object,
    }),
  };
}

/** The parts of the umbrella; those that are to come say so when they are chosen. */
const partNames = [...Object.keys(controllerCommands).map(valueName), "vpa", "allInOne"];

const globalValues = {
  image: { repository: "bellows", tag: "", digest: "", pullPolicy: "IfNotPresent" },
  imagePullSecrets: [],
  labels: {},
};

function umbrellaValues(): string {
  const values = {
    global: globalValues,
    crds: { enabled: true, keep: true },
    ...Object.fromEntries(partNames.map((name) => [name, { enabled: false }])),
  };
  return `# ${note}\n# Each controller is off unless chosen. What each part takes: charts/PART/values.yaml.\n${stringify(values)}`;
}

function umbrellaSchema(): object {
  const boolean = { type: "boolean" };
  const part = { type: "object", properties: { enabled: boolean } };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    additionalProperties: false,
    properties: {
      global: {
        type: "object",
        properties: {
          image: {
            type: "object",
            additionalProperties: false,
            properties: {
              repository: { type: "string", minLength: 1 },
              tag: { type: "string" },
              digest: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
              pullPolicy: { enum: ["Always", "IfNotPresent", "Never"] },
            },
          },
          imagePullSecrets: { type: "array", items: { type: "object" } },
          labels: { type: "object", additionalProperties: { type: "string" } },
        },
      },
      crds: {
        type: "object",
        additionalProperties: false,
        properties: { enabled: boolean, keep: boolean, takeOver: boolean, global: { type: "object" } },
      },
      lib: { type: "object" },
      ...Object.fromEntries(partNames.map((name) => [name, part])),
    },
  };
}

/** Templates and not Helm's crds/ folder, which is never upgraded. LoadProfile belongs to the sandbox. */
function definitionTemplates(): GeneratedFile[] {
  return generatedFiles()
    .filter(({ path }) => path.startsWith("deploy/crds/") && !path.includes("loadprofiles"))
    .map(({ path, text }) => {
      const file = path.split("/").at(-1) as string;
      const [, name = ""] = /^ {2}name: (\S+)$/m.exec(text) ?? [];
      const keep = "    {{- if .Values.keep }}\n    helm.sh/resource-policy: keep\n    {{- end }}";
      const labels = "  labels: { app.kubernetes.io/part-of: bellows }";
      const body = text
        .replace(/^#.*\n/gm, "")
        .replaceAll("{{", '{{ "{{" }}')
        .replace(/^( {8}service:\n {10}namespace: )\S+$/m, "$1{{ .Release.Namespace }}")
        .replace(
          /^( {2}name: \S+\n)(?: {2}annotations:\n)?/m,
          (_, line: string) => `${line}${labels}\n  annotations:\n${keep}\n`,
        );
      return {
        path: `${chart}/charts/crds/templates/${file}`,
        text: `{{/* ${note} */}}\n{{- include "bellows.crds.notOthers" (dict "root" . "name" ${JSON.stringify(name)}) }}\n${body}`,
      };
    })
    .concat([
      { path: `${chart}/charts/crds/templates/_owner.tpl`, text: ownerTemplate },
      { path: `${chart}/charts/crds/values.yaml`, text: `# ${note}\nkeep: true\ntakeOver: false\n` },
    ]);
}

const ownerTemplate = `{{/* ${note} */}}
{{/* Refuses to take over a definition that another release or a manifest installed. */}}
{{- define "bellows.crds.notOthers" -}}
{{- $known := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" .name }}
{{- if $known }}
{{- $owner := get (default dict $known.metadata.annotations) "meta.helm.sh/release-name" }}
{{- if and (ne (toString $owner) .root.Release.Name) (not .root.Values.takeOver) }}
{{- $versions := list }}{{ range $known.spec.versions }}{{ $versions = append $versions .name }}{{ end }}
{{- fail (printf "crds: %s (%s) is installed already, by %s. Keep it with crds.enabled=false, or take it over with crds.takeOver=true and helm's --take-ownership" .name (join ", " $versions) (default "no Helm release" $owner)) }}
{{- end }}
{{- end }}
{{- end }}
`;

function settingsPage(commands: readonly ControllerCommand[]): string {
  const sections = commands.map(({ name, summary, settings }) => {
    const rows = Object.entries(settings.shape as Record<string, z.ZodType>).map(([key, setting]) => {
      const value = setting.safeParse(undefined);
      const shown = value.success && value.data !== undefined ? `\`${JSON.stringify(value.data)}\`` : "";
      const inChart = notInCharts.has(key) ? "" : `\`${valueName(name)}.config.${key}\``;
      return `| \`--${flagOf(key)}\` | \`${environmentVariableOf(key, setting)}\` | ${inChart} | ${shown} | ${setting.meta()?.description ?? ""} |`;
    });
    return [
      `## bellows ${name}`,
      "",
      summary,
      "",
      "| flag | environment | chart value | default | |",
      "|---|---|---|---|---|",
      ...rows,
      "",
    ].join("\n");
  });
  return `<!-- ${note} -->\n\n# Settings of the controllers\n\nA flag comes before the environment variable, which comes before the file of \`--config\` (YAML, keys as in the chart's\n\`config\`). A wrong one ends the command with exit code 2 and a line that says where, what was found and what was expected.\n\n${sections.join("\n")}`;
}

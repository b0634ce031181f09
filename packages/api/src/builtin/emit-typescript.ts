import type { StructuralSchema } from "../structural-schema.ts";
import type { BuiltinDocument, BuiltinResource } from "./definitions.ts";

const header = `// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts
`;

/** Definitions that share a name with another of a different group get these. The unlisted one keeps the name. */
const renamed: Readonly<Record<string, string>> = {
  "io.k8s.api.core.v1.ResourceClaim": "ContainerResourceClaim",
  "io.k8s.api.storage.v1.TokenRequest": "CsiTokenRequest",
  "io.k8s.api.discovery.v1.EndpointPort": "EndpointSlicePort",
  "io.k8s.api.events.v1.Event": "EventsV1Event",
  "io.k8s.api.events.v1.EventSeries": "EventsV1EventSeries",
  "io.k8s.api.flowcontrol.v1.Subject": "FlowcontrolSubject",
  "io.k8s.api.admissionregistration.v1.ServiceReference": "WebhookServiceReference",
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference": "ConversionServiceReference",
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookClientConfig": "ConversionWebhookClientConfig",
  "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference": "ApiServiceReference",
  "io.k8s.api.autoscaling.v1.CrossVersionObjectReference": "CrossVersionObjectReferenceV1",
  "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler": "HorizontalPodAutoscalerV1",
  "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec": "HorizontalPodAutoscalerSpecV1",
  "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus": "HorizontalPodAutoscalerStatusV1",
  "io.k8s.metrics.pkg.apis.custom_metrics.v1beta1.MetricValue": "MetricValueV1beta1",
  "io.k8s.metrics.pkg.apis.custom_metrics.v1beta1.MetricValueList": "MetricValueListV1beta1",
  "io.k8s.metrics.pkg.apis.custom_metrics.v1beta2.MetricIdentifier": "CustomMetricIdentifier",
};

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

/** Definitions that are no interface of their own in TypeScript. */
const inlined: Readonly<Record<string, string>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "string",
  "io.k8s.apimachinery.pkg.runtime.RawExtension": "Record<string, unknown>",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "number | string",
  [`${meta}.FieldsV1`]: "Record<string, unknown>",
  [`${meta}.MicroTime`]: "string",
  [`${meta}.Patch`]: "Record<string, unknown>",
  [`${meta}.Time`]: "string",
  [`${extensions}.CustomResourceSubresourceStatus`]: "Record<string, unknown>",
  [`${extensions}.JSON`]: "unknown",
  [`${extensions}.JSONSchemaPropsOrArray`]: "JSONSchemaProps | JSONSchemaProps[]",
  [`${extensions}.JSONSchemaPropsOrBool`]: "JSONSchemaProps | boolean",
  [`${extensions}.JSONSchemaPropsOrStringArray`]: "JSONSchemaProps | string[]",
};

/** Definitions that are written by hand in `../kind.ts`. */
const handwritten = new Set(["ObjectMeta", "OwnerReference", "ManagedFieldsEntry"].map((name) => `${meta}.${name}`));

/** The TypeScript of all definitions and kinds, by file name. The same document always gives the same text. */
export function emitTypeScript(document: BuiltinDocument): Map<string, string> {
  const byFile = new Map<string, string[]>();
  const taken = new Map<string, string>();
  for (const name of Object.keys(document.definitions).sort()) {
    if (name in inlined || handwritten.has(name)) continue;
    if (isGenericList(name, document)) continue;
    const clash = taken.get(typeName(name));
    if (clash) throw new Error(`${name} and ${clash} have the same name; rename one of them`);
    taken.set(typeName(name), name);
    const list = byFile.get(moduleOf(name)) ?? [];
    list.push(name);
    byFile.set(moduleOf(name), list);
  }
  const kinds = new Map<string, BuiltinResource>();
  for (const resource of [...document.resources, ...document.metricsResources]) {
    // A kind of several resources is named by the one that can be listed.
    if (!kinds.get(resource.definition)?.listDefinition) kinds.set(resource.definition, resource);
  }
  const files = new Map<string, string>();
  const modules: string[] = [];
  for (const module of [...byFile.keys()].sort()) {
    const emitted = new ModuleText(module, document).emit(byFile.get(module) ?? [], kinds);
    files.set(`${module}.generated.ts`, emitted);
    modules.push(module);
  }
  const index = modules.map((module) => `export * from "./${module}.generated.ts";\n`).join("");
  files.set("kinds.generated.ts", `${header}\n${index}`);
  return files;
}

/** `io.k8s.api.apps.v1.Deployment` is in `apps-v1`, what all groups share in `meta-v1`. */
function moduleOf(definition: string): string {
  const parts = definition.split(".");
  const [group, version] = [parts.at(-3) ?? "", parts.at(-2) ?? ""];
  return /^v\d/.test(version) ? `${group.replaceAll("_", "-")}-${version}` : "meta-v1";
}

/** The client has one generic list type; only the metrics APIs answer with a list as the kind of a single object. */
function isGenericList(definition: string, { definitions }: BuiltinDocument): boolean {
  return (
    definition.endsWith("List") &&
    "items" in (definitions[definition]?.properties ?? {}) &&
    !definition.includes("metrics")
  );
}

function typeName(definition: string): string {
  if (definition === "io.k8s.apimachinery.pkg.version.Info") return "VersionInfo";
  return renamed[definition] ?? definition.slice(definition.lastIndexOf(".") + 1);
}

class ModuleText {
  readonly #module: string;
  readonly #document: BuiltinDocument;
  /** Names by the module they come from. */
  readonly #imports = new Map<string, Set<string>>();

  constructor(module: string, document: BuiltinDocument) {
    this.#module = module;
    this.#document = document;
  }

  emit(definitions: readonly string[], kinds: ReadonlyMap<string, BuiltinResource>): string {
    const blocks: string[] = [];
    let hasKinds = false;
    for (const name of definitions) {
      const schema = this.#document.definitions[name] ?? {};
      blocks.push(this.#interface(name, schema));
      const resource = kinds.get(name);
      if (!resource) continue;
      hasKinds = true;
      this.#import("../kind.ts", "Kind");
      blocks.push(kindValue(typeName(name), resource));
    }
    const imports = [...this.#imports.keys()].sort().map((from) => {
      const names = [...(this.#imports.get(from) ?? [])].sort();
      const line = `import type { ${names.join(", ")} } from "${from}";\n`;
      return line.length <= 121 ? line : `import type {\n${names.map((n) => `  ${n},\n`).join("")}} from "${from}";\n`;
    });
    if (hasKinds) imports.splice(imports.findIndex((line) => line.includes('"./')) >>> 0, 0, builtinKindImport);
    return [header, ...(imports.length > 0 ? [imports.join("")] : []), ...blocks].join("\n");
  }

  #interface(name: string, schema: StructuralSchema): string {
    const kind = schema["x-kubernetes-group-version-kind"] !== undefined;
    const required = new Set(schema.required);
    const lines = Object.entries(schema.properties ?? {}).map(([property, value]) => {
      if (property === "metadata" && value.$ref === `${meta}.ObjectMeta`) {
        this.#import("../kind.ts", "ObjectMeta");
        return kind ? "  metadata: ObjectMeta;\n" : "  metadata?: Partial<ObjectMeta>;\n";
      }
      const optional = !required.has(property) || (kind && (property === "spec" || property === "status"));
      const key = /^[A-Za-z_$][\w$]*$/.test(property) ? property : JSON.stringify(property);
      return `  ${key}${optional ? "?" : ""}: ${this.#type(value)};\n`;
    });
    const gvk = schema["x-kubernetes-group-version-kind"]?.[0];
    const doc = gvk ? `/** ${gvk.group ? `${gvk.group}/` : ""}${gvk.version} ${gvk.kind}. */\n` : "";
    return `${doc}export interface ${typeName(name)} {\n${lines.join("")}}\n`;
  }

  #type(schema: StructuralSchema): string {
    if (schema.$ref !== undefined) return this.#reference(schema.$ref);
    switch (schema.type) {
      case "array": {
        const item = this.#type(schema.items ?? {});
        return item.includes("|") ? `(${item})[]` : `${item}[]`;
      }
      case "object":
        if (typeof schema.additionalProperties !== "object") return "Record<string, unknown>";
        return `Record<string, ${this.#type(schema.additionalProperties)}>`;
      case "integer":
      case "number":
        return "number";
      case "string":
        return "string";
      case "boolean":
        return "boolean";
      default:
        return "unknown";
    }
  }

  #reference(definition: string): string {
    const inline = inlined[definition];
    if (inline !== undefined) return inline;
    if (!(definition in this.#document.definitions))
      throw new Error(`${this.#module} refers to ${definition}, unknown`);
    if (handwritten.has(definition)) this.#import("../kind.ts", typeName(definition));
    else if (moduleOf(definition) !== this.#module) {
      this.#import(`./${moduleOf(definition)}.generated.ts`, typeName(definition));
    }
    return typeName(definition);
  }

  #import(from: string, name: string): void {
    const names = this.#imports.get(from) ?? new Set();
    this.#imports.set(from, names.add(name));
  }
}

const builtinKindImport = 'import { builtinKind } from "./builtin-kind.ts";\n';

function kindValue(name: string, resource: BuiltinResource): string {
  const names = (list: readonly string[]) => `[${list.map((item) => JSON.stringify(item)).join(", ")}]`;
  return [
    `export const ${name}: Kind<${name}> = builtinKind({`,
    `  group: ${JSON.stringify(resource.group)},`,
    `  version: ${JSON.stringify(resource.version)},`,
    `  kind: ${JSON.stringify(resource.kind)},`,
    `  plural: ${JSON.stringify(resource.plural)},`,
    `  singular: ${JSON.stringify(resource.singular)},`,
    ...(resource.shortNames.length > 0 ? [`  shortNames: ${names(resource.shortNames)},`] : []),
    ...(resource.categories.length > 0 ? [`  categories: ${names(resource.categories)},`] : []),
    `  scope: "${resource.namespaced ? "Namespaced" : "Cluster"}",`,
    `  definition: ${JSON.stringify(resource.definition)},`,
    "});\n",
  ].join("\n");
}

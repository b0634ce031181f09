import type { CustomResourceDefinition } from "@bellows/api";
import { builtinDefinitions } from "@bellows/api/builtin";
import { type ApiObject, withMetadata } from "./api-object.ts";
import { type Conversion, ConvertedObjects } from "./custom-resources/converted-objects.ts";
import {
  type CustomResource,
  type CustomResourceVersion,
  customResourceDefinition,
} from "./custom-resources/custom-resource-definition.ts";
import { type Decoded, DecodeFailure, decodeValue } from "./decode/index.ts";
import { type JsonObject, sortedJson } from "./json-value.ts";
import { apiVersionOf, type ResourceRules, type ServedResource, type Verdict } from "./resource.ts";
import { SchemaView } from "./schema-view.ts";
import { badRequest } from "./status-error.ts";
import type { Store } from "./store.ts";
import type { Strategy } from "./strategies/strategy.ts";
import { parseJsonPath } from "./table/table.ts";
import {
  FieldErrors,
  subdomainName,
  validateCommonUpdate,
  validateMetadata,
  validateMetadataUpdate,
} from "./validation/index.ts";

/** The resources that a definition adds: one for each version that it serves. */
export function customServedResources(
  crd: CustomResourceDefinition,
  store: Store,
  conversion: Conversion,
): ServedResource[] {
  const resource = customResourceDefinition(crd);
  const webhook = crd.spec?.conversion?.strategy === "Webhook";
  const definitions = store.collection("apiextensions.k8s.io/customresourcedefinitions");
  const { name } = crd.metadata;
  const known = new ConvertedObjects(webhook ? conversion : {});
  const place = store.collection(`${resource.group}/${resource.plural}`);
  return resource.versions
    .filter((version) => version.served)
    .map((version) => ({
      group: resource.group,
      version: version.name,
      kind: resource.kind,
      plural: resource.plural,
      singular: resource.singular,
      listKind: resource.listKind,
      namespaced: resource.scope === "Namespaced",
      shortNames: resource.shortNames,
      categories: resource.categories,
      verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
      subresources: subresourcesOf(resource, version),
      apiVersion: apiVersionOf(resource.group, version.name),
      collection: place,
      rules: customRules(resource, version, known),
      strategy: customStrategy(version),
      ...(version.scale && { scalePaths: version.scale }),
      ...(version.deprecationWarning !== undefined && { deprecation: version.deprecationWarning }),
      custom: true,
      terminating: () => definitions.get(name)?.metadata.deletionTimestamp !== undefined,
    }));
}

const subresourceVerbs = ["get", "patch", "update"];

function subresourcesOf(resource: CustomResource, version: CustomResourceVersion) {
  const { group } = resource;
  return [
    ...(version.hasStatus
      ? [{ name: "status", kind: resource.kind, group, version: version.name, verbs: subresourceVerbs }]
      : []),
    ...(version.scale
      ? [{ name: "scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: subresourceVerbs }]
      : []),
  ];
}

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

function customRules(resource: CustomResource, version: CustomResourceVersion, known: ConvertedObjects): ResourceRules {
  const metadata = SchemaView.of(objectMeta, builtinDefinitions());
  const stored = resource.storageVersion;
  const namespaced = resource.scope === "Namespaced";
  return {
    get schema() {
      return version.view;
    },
    get table() {
      return version.tableFormat;
    },
    decode(body, mode, duplicates = []) {
      const object = body as JsonObject;
      const meta = decodedMetadata(metadata, object.metadata ?? {}, resource.kind, version.name);
      const { object: pruned, unknown } = version.prune({ ...object, metadata: meta.value });
      const problems = [
        ...duplicates.map(({ refusal, warning }) => (mode === "Strict" ? refusal : warning)),
        ...meta.unknown.map((path) => `unknown field ${JSON.stringify(`metadata.${path}`)}`),
        ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
      ];
      if (mode === "Strict" && problems.length > 0)
        throw badRequest(
          `${resource.kind} in version "${version.name}" cannot be handled as a ${resource.kind}: strict decoding error: ${problems.join(", ")}`,
        );
      const warnings = mode === "Warn" ? problems : [];
      return { object: pruned as unknown as ApiObject, warnings };
    },
    applyDefaults: (object, keepsNulls) => version.applyDefaults(object, keepsNulls),
    validateCreate(object) {
      const errors = new FieldErrors();
      validateMetadata(errors, object.metadata, namespaced, subdomainName);
      return withMetadataErrors(errors, version.validateCreate(object));
    },
    validateUpdate(object, before, subresource) {
      const errors = new FieldErrors();
      validateCommonUpdate(errors, object.metadata, before.metadata, namespaced);
      validateMetadataUpdate(errors, object.metadata, before.metadata);
      const verdict =
        subresource === "status"
          ? version.validateStatusUpdate(object, before)
          : version.validateUpdate(object, before);
      return withMetadataErrors(errors, verdict);
    },
    ...(known.mustBeAsked && {
      askToStored: (object) => known.ask([object], stored.apiVersion),
      askFromStored: (objects) => known.ask(objects, version.apiVersion),
    }),
    toStored: (object) => known.inVersion(object, stored.apiVersion),
    fromStored: (object) => known.inVersion(object, version.apiVersion),
  };
}

/** Members come in the order of their names, as a map's do in Go, so that the first problem is the same. */
function decodedMetadata(view: SchemaView, value: unknown, kind: string, version: string): Decoded {
  try {
    return decodeValue(view, value);
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error;
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: ${firstProblem(view, value) ?? error.message}`,
    );
  }
}

function firstProblem(view: SchemaView, value: unknown): string | undefined {
  try {
    decodeValue(view, sortedJson(value));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const withMetadataErrors = ({ list }: FieldErrors, verdict: Verdict): Verdict =>
  list.length === 0 ? verdict : { ...verdict, errors: [...list, ...verdict.errors] };

function customStrategy(version: CustomResourceVersion): Strategy {
  const { hasStatus } = version;
  const selectable = version.selectableFields.map((path) => [path.replace(/^\./, ""), parseJsonPath(path)] as const);
  return {
    statusSubresource: hasStatus,
    generation: true,
    countsStatus: !hasStatus,
    createOnUpdate: false,
    unconditionalUpdate: false,
    prepareForCreate(object) {
      if (!hasStatus || object.status === undefined) return object;
      const { status: _, ...rest } = object;
      return rest as ApiObject;
    },
    // A write of the status changes nothing else; the metadata only gains its managers.
    prepareForStatusUpdate: (object, before) => {
      const { managedFields } = object.metadata;
      return withMetadata({ ...object, metadata: before.metadata }, { managedFields } as Partial<
        ApiObject["metadata"]
      >);
    },
    selectableFields: Object.fromEntries(
      selectable.map(([name, find]) => [name, (object: ApiObject) => String(find(object)[0] ?? "")]),
    ),
  };
}

import type { CustomResourceDefinition } from "@bellows/api";
import { type BuiltinResource, builtinDefinitions, builtinResources } from "@bellows/api/builtin";
import { deepFreeze } from "@bellows/kube";
import type { ApiObject } from "./api-object.ts";
import { convertBuiltin } from "./conversion/index.ts";
import { validateDefinition } from "./custom-resources/custom-resource-definition.ts";
import { decodeObject } from "./decode/index.ts";
import { applyDefaults } from "./defaults/index.ts";
import { apiVersionOf, type ResourceRules, type ServedResource, type Verdict } from "./resource.ts";
import { SchemaView } from "./schema-view.ts";
import type { FieldError } from "./status-error.ts";
import type { Store } from "./store.ts";
import { strategyOf } from "./strategies/catalogue.ts";
import { builtinTableFormat } from "./table/table.ts";
import { validateCreate, validateUpdate } from "./validation/index.ts";

/** Every resource that kube-apiserver serves by itself, on the collections of `store`. */
export function builtinServedResources(store: Store): ServedResource[] {
  return builtinResources().map((resource) => served(resource, store));
}

/** Resources that are served in two versions or groups and kept in one place. */
const storedAs: Readonly<Record<string, string>> = { "events.k8s.io/events": "/events" };

/** The version in which a resource of several is kept. */
const storedVersions: Readonly<Record<string, string>> = {
  "events.k8s.io/events": "v1",
  "autoscaling/horizontalpodautoscalers": "autoscaling/v2",
};

/** By `version/plural` of the core group, the only one that serves anything deprecated. */
const deprecations: Readonly<Record<string, string>> = {
  "v1/componentstatuses": "v1 ComponentStatus is deprecated in v1.19+",
  "v1/endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
};

function served(resource: BuiltinResource, store: Store): ServedResource {
  const { group, version, kind, plural, singular, namespaced, shortNames, categories, verbs } = resource;
  const place = `${group}/${plural}`;
  const deprecation = group === "" ? deprecations[`${version}/${plural}`] : undefined;
  return {
    group,
    version,
    kind,
    plural,
    singular,
    listKind: `${kind}List`,
    namespaced,
    shortNames,
    categories,
    verbs,
    subresources: resource.subresources,
    ...(resource.storageVersionHash && { storageVersionHash: resource.storageVersionHash }),
    apiVersion: apiVersionOf(group, version),
    collection: store.collection(storedAs[place] ?? place),
    rules: builtinRules(resource),
    strategy: strategyOf(resource),
    ...(deprecation !== undefined && { deprecation }),
    custom: false,
  };
}

function builtinRules({ group, version, kind, plural, definition }: BuiltinResource): ResourceRules {
  const schema = SchemaView.of(definition, builtinDefinitions());
  const gvk = { group, version, kind };
  const apiVersion = apiVersionOf(group, version);
  const storedVersion = storedVersions[`${group}/${plural}`] ?? apiVersion;
  const isDefinition = kind === "CustomResourceDefinition";
  const converted = new WeakMap<ApiObject, ApiObject>();
  return {
    schema,
    table: builtinTableFormat(group, kind),
    decode: (body, mode, duplicates) =>
      decodeObject<ApiObject>(schema, body, { mode, kind, version, ...(duplicates && { duplicates }) }),
    applyDefaults: (object) => applyDefaults(gvk, object),
    validateCreate: (object) =>
      verdict([...validateCreate(gvk, object), ...(isDefinition ? definitionProblems(object) : [])]),
    validateUpdate: (object, before, subresource) =>
      verdict([
        ...validateUpdate(gvk, object, before, subresource),
        ...(isDefinition && subresource !== "status" ? definitionProblems(object, before) : []),
      ]),
    toStored: (object) => convertBuiltin(object, storedVersion),
    fromStored(object) {
      if (object.apiVersion === apiVersion) return object;
      // Kept with the stored object, so that every reader gets the same one.
      let shown = converted.get(object);
      if (!shown) {
        shown = deepFreeze(convertBuiltin(object, apiVersion));
        converted.set(object, shown);
      }
      return shown;
    },
  };
}

const definitionProblems = (object: ApiObject, before?: ApiObject): FieldError[] =>
  validateDefinition(
    object as unknown as CustomResourceDefinition,
    before && (before as unknown as CustomResourceDefinition),
  );

const fine: Verdict = { errors: [], warnings: [] };

const verdict = (errors: readonly FieldError[]): Verdict => (errors.length === 0 ? fine : { errors, warnings: [] });

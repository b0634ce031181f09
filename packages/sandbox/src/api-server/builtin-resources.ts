import { type BuiltinResource, builtinDefinitions, builtinResources } from "@bellows/api/builtin";
import type { ApiObject } from "./api-object.ts";
import { apiVersionOf, type ResourceRules, type ServedResource } from "./resource.ts";
import { SchemaView } from "./schema-view.ts";
import type { Store } from "./store.ts";
import { strategyOf } from "./strategies/catalogue.ts";

/** Every resource that kube-apiserver serves by itself, on the collections of `store`. */
export function builtinServedResources(store: Store): ServedResource[] {
  return builtinResources().map((resource) => served(resource, store));
}

/** Resources that are served in two versions or groups and kept in one place. */
const storedAs: Readonly<Record<string, string>> = { "events.k8s.io/events": "/events" };

function served(resource: BuiltinResource, store: Store): ServedResource {
  const { group, version, kind, plural, singular, namespaced, shortNames, categories, verbs } = resource;
  const place = `${group}/${plural}`;
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
    apiVersion: apiVersionOf(group, version),
    collection: store.collection(storedAs[place] ?? place),
    rules: builtinRules(resource),
    strategy: strategyOf(resource),
    custom: false,
  };
}

function builtinRules({ definition }: BuiltinResource): ResourceRules {
  const schema = SchemaView.of(definition, builtinDefinitions());
  const same = (object: ApiObject) => object;
  return {
    schema,
    decode: (body) => ({ object: body as ApiObject, warnings: [] }),
    applyDefaults: same,
    validateCreate: () => [],
    validateUpdate: () => [],
    toStored: same,
    fromStored: same,
  };
}

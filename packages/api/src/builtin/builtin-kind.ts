import type { z } from "zod";
import type { Kind, KubernetesObject } from "../kind.ts";
import { builtinDefinitions } from "./definitions.ts";
import { ZodDefinitions } from "./zod-from-schema.ts";

const schemas = new ZodDefinitions(builtinDefinitions);

/** The facts of a built-in kind that discovery gives, and the name of its definition. */
export interface BuiltinKindFacts {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  scope: "Namespaced" | "Cluster";
  definition: string;
}

/** A kind whose schema is made from the generated definitions when it is first asked for. */
export function builtinKind<T extends KubernetesObject>(facts: BuiltinKindFacts): Kind<T> {
  const { group, version, kind, plural, singular, shortNames = [], categories = [], scope, definition } = facts;
  return {
    group,
    version,
    kind,
    plural,
    singular,
    listKind: `${kind}List`,
    shortNames,
    categories,
    scope,
    apiVersion: group === "" ? version : `${group}/${version}`,
    get schema(): z.ZodType<T> {
      return schemas.get(definition) as z.ZodType<T>;
    },
    custom: undefined,
  };
}

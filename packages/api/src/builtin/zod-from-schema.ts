import { z } from "zod";
import type { SchemaDefinitions, StructuralSchema } from "../structural-schema.ts";

/**
 * Makes zod schemas of definitions, each once and on first use; references are followed lazily, so that recursive
 * definitions end. As an API server reads: unknown fields are kept, and null means "not set" everywhere.
 */
export class ZodDefinitions {
  readonly #definitions: () => SchemaDefinitions;
  readonly #made = new Map<string, z.ZodType>();

  /** @param definitions called when the first schema is made */
  constructor(definitions: () => SchemaDefinitions) {
    this.#definitions = definitions;
  }

  /** Throws for a name that is not among the definitions. */
  get(name: string): z.ZodType {
    let made = this.#made.get(name);
    if (!made) {
      const definition = this.#definitions()[name];
      if (!definition) throw new Error(`no definition ${name}`);
      made = this.from(definition);
      this.#made.set(name, made);
    }
    return made;
  }

  /** The zod schema of a schema that may refer to the definitions. */
  from(schema: StructuralSchema): z.ZodType {
    const ref = schema.$ref;
    if (ref !== undefined) return z.lazy(() => this.get(ref));
    if (schema["x-kubernetes-int-or-string"]) return z.union([z.int(), z.string()]);
    // An empty string is how Go says "not set".
    if (schema.enum) return z.literal(["", ...(schema.enum as string[])]);
    switch (schema.type) {
      case "object":
        return this.#object(schema);
      case "array":
        return z.array(this.from(schema.items ?? {}));
      case "string":
        // Quantities may be written as numbers.
        return schema.format === "quantity" ? z.union([z.string(), z.number()]) : z.string();
      case "integer":
        return schema.format === "int32" ? z.int32() : z.int();
      case "number":
        return z.number();
      case "boolean":
        return z.boolean();
      default:
        return z.unknown();
    }
  }

  #object(schema: StructuralSchema): z.ZodType {
    if (typeof schema.additionalProperties === "object") {
      return z.record(z.string(), this.from(schema.additionalProperties).nullable());
    }
    const required = new Set(schema.required);
    return z.looseObject(
      Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => {
          const value = this.from(property);
          return [name, required.has(name) ? value.nullable() : value.nullish()];
        }),
      ),
    );
  }
}

import type { SchemaDefinitions } from "@bellows/api";
import { builtinDefinitions } from "@bellows/api/builtin";
import { closure, commonDefinitions, listDefinitionOf } from "./definitions.ts";
import { definitionOf, type OpenApiResource } from "./openapi-resource.ts";
import { addOperations, type Operation, ownDefinitions, type Paths } from "./operations.ts";
import { type JsonSchema, renderDefinitions } from "./schema-rendering.ts";

const info = { title: "Kubernetes", version: "v1.35.4" };
const bearer = { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" };

export interface OpenApiV3 {
  readonly openapi: "3.0.0";
  readonly info: typeof info;
  readonly paths: Record<string, unknown>;
  readonly components: { readonly schemas: Record<string, JsonSchema>; readonly securitySchemes: object };
}

export interface OpenApiV2 {
  readonly swagger: "2.0";
  readonly info: typeof info;
  readonly paths: Record<string, Record<string, unknown>>;
  readonly definitions: Record<string, JsonSchema>;
  readonly securityDefinitions: object;
  readonly security: readonly object[];
}

/** The version 3 document of one group version: its paths, and every schema that they need. */
export function documentV3(resources: readonly OpenApiResource[]): OpenApiV3 {
  const paths: Record<string, unknown> = {};
  for (const [path, operations] of pathsOf(resources)) paths[path] = pathV3(path, operations);
  return {
    openapi: "3.0.0",
    info,
    paths,
    components: { schemas: renderDefinitions(neededBy(resources), "v3"), securitySchemes: { BearerToken: bearer } },
  };
}

/** The version 2 document of the whole server. */
export function documentV2(resources: readonly OpenApiResource[]): OpenApiV2 {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [path, operations] of pathsOf(resources)) paths[path] = pathV2(path, operations);
  return {
    swagger: "2.0",
    info,
    paths,
    definitions: renderDefinitions(neededBy(resources), "v2"),
    securityDefinitions: { BearerToken: bearer },
    security: [{ BearerToken: [] }],
  };
}

function neededBy(resources: readonly OpenApiResource[]): SchemaDefinitions {
  const definitions: SchemaDefinitions = Object.assign({}, builtinDefinitions(), ...resources.map(ownDefinitions));
  const names = resources.flatMap((resource) => [definitionOf(resource), listDefinitionOf(resource)]);
  return closure([...commonDefinitions, ...names.filter((name) => name !== undefined)], definitions);
}

function pathsOf(resources: readonly OpenApiResource[]): readonly (readonly [string, Operation[]])[] {
  const paths: Paths = new Map();
  for (const resource of resources) addOperations(paths, resource);
  return [...paths].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The variables of a path: its namespace and its name. */
const variablesOf = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);

const extensions = ({ action, kind }: Operation) => ({
  "x-kubernetes-action": action,
  "x-kubernetes-group-version-kind": kind,
});

const answerTypes = ["application/json", "application/yaml"];

function pathV3(path: string, operations: readonly Operation[]) {
  const reference = (name: string) => ({ schema: { $ref: `#/components/schemas/${name}` } });
  const content = (types: readonly string[], name: string) =>
    Object.fromEntries(types.map((type) => [type, reference(name)]));
  const variables = variablesOf(path).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", uniqueItems: true },
  }));
  return {
    ...Object.fromEntries(
      operations.map((operation) => [
        operation.method,
        {
          tags: [operation.tag],
          description: operation.description,
          operationId: operation.id,
          ...(operation.query.length > 0 && {
            parameters: operation.query.map(({ name, type, description }) => ({
              name,
              in: "query",
              description,
              schema: { type, uniqueItems: true },
            })),
          }),
          ...(operation.body !== undefined && {
            requestBody: { content: content(operation.consumes, operation.body) },
          }),
          responses: {
            "200": { description: "OK", ...(operation.answer && { content: content(answerTypes, operation.answer) }) },
            "401": { description: "Unauthorized" },
          },
          ...extensions(operation),
        },
      ]),
    ),
    ...(variables.length > 0 && { parameters: variables }),
  };
}

function pathV2(path: string, operations: readonly Operation[]): Record<string, unknown> {
  const reference = (name: string) => ({ schema: { $ref: `#/definitions/${name}` } });
  const variables = variablesOf(path).map((name) => ({
    uniqueItems: true,
    type: "string",
    description: name === "name" ? `name of the ${operations[0]?.kind.kind ?? "object"}` : "object name and auth scope",
    name,
    in: "path",
    required: true,
  }));
  return {
    ...Object.fromEntries(
      operations.map((operation) => [
        operation.method,
        {
          description: operation.description,
          consumes: operation.consumes,
          produces: answerTypes,
          schemes: ["https"],
          tags: [operation.tag],
          operationId: operation.id,
          parameters: [
            ...(operation.body === undefined
              ? []
              : [{ name: "body", in: "body", required: true, ...reference(operation.body) }]),
            ...operation.query.map(({ name, type, description }) => ({
              uniqueItems: true,
              type,
              description,
              name,
              in: "query",
            })),
          ],
          responses: {
            "200": { description: "OK", ...(operation.answer && reference(operation.answer)) },
            "401": { description: "Unauthorized" },
          },
          ...extensions(operation),
        },
      ]),
    ),
    ...(variables.length > 0 && { parameters: variables }),
  };
}

import { isObject } from "../json-value.ts";
import type { OpenApiV2 } from "./documents.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/**
 * A version 2 document in the protobuf of gnostic's `openapi.v2.Document`, which kubectl asks for by
 * `application/com.github.proto-openapi.spec.v2.v1.0+protobuf`. Field numbers are those of `OpenAPIv2.proto`.
 */
export function encodeGnostic(document: OpenApiV2): Uint8Array {
  return new ProtobufWriter()
    .text(1, document.swagger)
    .message(2, (info) => info.text(1, document.info.title).text(2, document.info.version))
    .message(8, (paths) => {
      for (const [path, item] of Object.entries(document.paths))
        paths.message(2, (named) => named.text(1, path).message(2, (value) => writePathItem(value, item)));
    })
    .message(9, (definitions) => writeNamedSchemas(definitions, document.definitions))
    .finish();
}

type Json = Record<string, unknown>;

const operationFields: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function writePathItem(writer: ProtobufWriter, item: Json) {
  for (const [method, field] of Object.entries(operationFields)) {
    const operation = item[method];
    if (isObject(operation)) writer.message(field, (value) => writeOperation(value, operation));
  }
  for (const parameter of listOf(item["parameters"])) writeParameter(writer, 9, parameter);
}

function writeOperation(writer: ProtobufWriter, operation: Json) {
  writer
    .texts(1, texts(operation["tags"]))
    .text(3, text(operation["description"]))
    .text(5, text(operation["operationId"]))
    .texts(6, texts(operation["produces"]))
    .texts(7, texts(operation["consumes"]));
  for (const parameter of listOf(operation["parameters"])) writeParameter(writer, 8, parameter);
  writer.message(9, (responses) => {
    for (const [code, response] of Object.entries(isObject(operation["responses"]) ? operation["responses"] : {}))
      if (isObject(response))
        responses.message(1, (named) => named.text(1, code).message(2, (v) => writeResponse(v, response)));
  });
  writer.texts(10, texts(operation["schemes"]));
  writeExtensions(writer, 13, operation);
}

function writeResponse(writer: ProtobufWriter, response: Json) {
  const { schema } = response;
  writer.message(1, (value) => {
    value.text(1, text(response["description"]));
    if (isObject(schema)) value.message(2, (item) => item.message(1, (inner) => writeSchema(inner, schema)));
  });
}

/** A `ParametersItem` in the given field: of the body, the query or the path. */
function writeParameter(writer: ProtobufWriter, field: number, parameter: Json) {
  const { schema } = parameter;
  const place = text(parameter["in"]);
  writer.message(field, (item) =>
    item.message(1, (value) => {
      if (place === "body")
        value.message(1, (body) => {
          body
            .text(2, text(parameter["name"]))
            .text(3, place)
            .flag(4, parameter["required"] === true);
          if (isObject(schema)) body.message(5, (inner) => writeSchema(inner, schema));
        });
      else
        value.message(2, (other) =>
          other.message(place === "query" ? 3 : 4, (sub) => writeSimpleParameter(sub, parameter, place === "query")),
        );
    }),
  );
}

/** Query and path parameters differ by one field before the type. */
function writeSimpleParameter(writer: ProtobufWriter, parameter: Json, query: boolean) {
  writer
    .flag(1, parameter["required"] === true)
    .text(2, text(parameter["in"]))
    .text(3, text(parameter["description"]))
    .text(4, text(parameter["name"]))
    .text(query ? 6 : 5, text(parameter["type"]))
    .flag(query ? 20 : 19, parameter["uniqueItems"] === true);
}

function writeNamedSchemas(writer: ProtobufWriter, schemas: Readonly<Record<string, unknown>>) {
  for (const [name, schema] of Object.entries(schemas))
    if (isObject(schema))
      writer.message(1, (named) => named.text(1, name).message(2, (value) => writeSchema(value, schema)));
}

function writeSchema(writer: ProtobufWriter, schema: Json) {
  const { additionalProperties, items, properties, type } = schema;
  writer.text(1, text(schema["$ref"])).text(2, text(schema["format"])).text(4, text(schema["description"]));
  if (schema["default"] !== undefined) writer.message(5, (any) => any.text(2, yaml(schema["default"])));
  writer
    .double(7, number(schema["maximum"]))
    .double(9, number(schema["minimum"]))
    .integer(11, number(schema["maxLength"]))
    .integer(12, number(schema["minLength"]))
    .text(13, text(schema["pattern"]))
    .integer(14, number(schema["maxItems"]))
    .integer(15, number(schema["minItems"]))
    .integer(17, number(schema["maxProperties"]))
    .integer(18, number(schema["minProperties"]))
    .texts(19, texts(schema["required"]));
  for (const value of Array.isArray(schema["enum"]) ? schema["enum"] : [])
    writer.message(20, (any) => any.text(2, yaml(value)));
  if (isObject(additionalProperties))
    writer.message(21, (item) => item.message(1, (inner) => writeSchema(inner, additionalProperties)));
  else if (additionalProperties === true) writer.message(21, (item) => item.flag(2, true));
  if (typeof type === "string") writer.message(22, (item) => item.texts(1, [type]));
  if (isObject(items)) writer.message(23, (item) => item.message(1, (inner) => writeSchema(inner, items)));
  if (isObject(properties)) writer.message(25, (inner) => writeNamedSchemas(inner, properties));
  writeExtensions(writer, 31, schema);
}

function writeExtensions(writer: ProtobufWriter, field: number, schema: Json) {
  for (const [name, value] of Object.entries(schema))
    if (name.startsWith("x-") && value !== undefined)
      writer.message(field, (named) => named.text(1, name).message(2, (any) => any.text(2, yaml(value))));
}

/** JSON is YAML. */
const yaml = (value: unknown) => `${JSON.stringify(value)}\n`;
const text = (value: unknown) => (typeof value === "string" ? value : undefined);
const number = (value: unknown) => (typeof value === "number" && value > 0 ? value : undefined);
const texts = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

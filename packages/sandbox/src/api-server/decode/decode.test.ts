import { builtinDefinitions } from "@bellows/api/builtin";
import { expect, test } from "vitest";
import { SchemaView } from "../schema-view.ts";
import { decodeObject, duplicateFields } from "./index.ts";

const schema = SchemaView.of("io.k8s.api.apps.v1.Deployment", builtinDefinitions());
const read = (spec: unknown, mode: "Strict" | "Warn" = "Strict") =>
  decodeObject<{ spec: object }>(
    schema,
    { apiVersion: "apps/v1", kind: "Deployment", metadata: {}, spec },
    { mode, kind: "Deployment" },
  );

test.each([
  [{ replicas: "3" }, "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"],
  [
    { replicas: 1.5 },
    "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
  ],
  [{ foo: 1 }, 'strict decoding error: unknown field "spec.foo"'],
])("refuses %j in the decoder's words", (spec, why) => {
  expect(() => read(spec)).toThrow(`Deployment in version "v1" cannot be handled as a Deployment: ${why}`);
});

test("warns of an unknown field and drops it", () => {
  const { object, warnings } = read({ foo: 1 }, "Warn");
  expect(warnings).toEqual(['unknown field "spec.foo"']);
  expect(object.spec).not.toHaveProperty("foo");
});

test("rewrites quantities as Kubernetes prints them", () => {
  const containers = [{ name: "a", resources: { requests: { cpu: 0.5, memory: "1024Mi" } } }];
  expect(read({ template: { spec: { containers } } }).object.spec).toMatchObject({
    template: { spec: { containers: [{ resources: { requests: { cpu: "500m", memory: "1Gi" } } }] } },
  });
});

test("finds fields that stand twice", () => {
  expect(duplicateFields('{"a":1,"a":2,"b":[{"c":1,"c":2}]}')).toEqual(["a", "b[0].c"]);
});

import { crdOf, ScaledObject } from "@bellows/api";
import { expect, test } from "vitest";
import { definitionProblems } from "./definitions.ts";

const wanted = [{ versions: [ScaledObject] }] as const;
const fix =
  "kubectl apply --server-side --force-conflicts -f deploy/crds/keda.sh_scaledobjects.yaml, or helm upgrade with crds.enabled=true";

test("the CRD of this version is no problem", () => {
  expect(definitionProblems([crdOf(ScaledObject)], wanted)).toEqual([]);
});

test("a CRD that is missing is named with what installs it", () => {
  expect(definitionProblems([], wanted)).toEqual([{ name: "scaledobjects.keda.sh", problem: "is not installed", fix }]);
});

test("a CRD that serves another version only is named", () => {
  const crd = crdOf(ScaledObject);
  const older = { ...crd, spec: { ...crd.spec, versions: [{ name: "v1alpha0", served: true }] } };
  expect(definitionProblems([older], wanted)[0]?.problem).toBe("does not serve version v1alpha1");
});

test("a CRD of an older release names the fields that it drops", () => {
  const crd = crdOf(ScaledObject);
  const [version] = crd.spec.versions;
  const { initialCooldownPeriod: _, ...fields } =
    version?.schema.openAPIV3Schema.properties?.["spec"]?.properties ?? {};
  const properties = { ...version?.schema.openAPIV3Schema.properties, spec: { properties: fields } };
  const older = {
    ...crd,
    spec: { versions: [{ name: "v1alpha1", served: true, schema: { openAPIV3Schema: { properties } } }] },
  };
  expect(definitionProblems([older], wanted)[0]?.problem).toBe(
    "is another version: v1alpha1 does not know spec.initialCooldownPeriod, and drops it",
  );
});

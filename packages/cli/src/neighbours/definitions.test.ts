import { crdOf, ScaledObject } from "@bellows/api";
import { ApiError, type Client, type Logger, silentLogger, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { definitionProblems, tellDefinitionProblems } from "./definitions.ts";

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

/** What is told of a definition that the cluster answers with. */
async function told(find: () => Promise<unknown>): Promise<readonly string[]> {
  const said: string[] = [];
  const log: Logger = { ...silentLogger, warn: (message) => void said.push(message) };
  const clock = new VirtualClock(0);
  const parts = { client: { find } as unknown as Client, clock, log, signal: new AbortController().signal };
  const done = tellDefinitionProblems(parts, ["scaledobjects.keda.sh"]);
  await clock.run(30_000);
  await done;
  return said;
}

test("at start, a definition that drops fields is told, and one that is missing is left to the requests that fail", async () => {
  const { spec, ...crd } = crdOf(ScaledObject);
  const bare = spec.versions.map((version) => ({ ...version, schema: { openAPIV3Schema: {} } }));
  expect(await told(async () => ({ ...crd, spec: { ...spec, versions: bare } }))).toEqual([
    "the CustomResourceDefinition differs from this version's",
  ]);
  expect(await told(async () => crdOf(ScaledObject))).toEqual([]);
  expect(await told(async () => undefined)).toEqual([]);
});

test("at start, definitions that may not be read are not checked, and a server that is away is asked again", async () => {
  const forbidden = async () => {
    throw new ApiError(403, { message: "no" });
  };
  expect(await told(forbidden)).toEqual(["CustomResourceDefinitions not checked"]);
  let tries = 0;
  const away = async () => {
    tries++;
    if (tries < 3) throw new Error("connection refused");
    return crdOf(ScaledObject);
  };
  expect(await told(away)).toEqual([]);
  expect(tries).toBe(3);
});

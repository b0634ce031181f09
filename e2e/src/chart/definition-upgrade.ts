import { ScaledObject } from "@bellows/api";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";
import { helm, install, kubectl, chartNamespace as namespace } from "./chart.ts";
import { withOlderChart } from "./older-chart.ts";

const key = { namespace: "default", name: "kept" };
const manifest = (more: object = {}) =>
  JSON.stringify({
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { ...key, name: "tried" },
    spec: { scaleTargetRef: { name: "web" }, triggers: [{ type: "cpu", metadata: { value: "50" } }], ...more },
  });

/** Whether the API server takes a ScaledObject with the newer field; it refuses what a definition does not have. */
async function takesNewField(context: SuiteContext): Promise<true | string> {
  const trial = ["create", "--dry-run=server", "--validate=strict", "-f", "-"];
  return kubectl(context, trial, manifest({ pollingInterval: 7 })).then(
    () => true as const,
    (error: Error) => {
      if (!error.message.includes('unknown field "spec.pollingInterval"')) throw error;
      return error.message;
    },
  );
}

/** An upgrade brings a definition's new fields and leaves objects as they are; so does taking the chart away. */
export async function upgradesDefinitions(context: SuiteContext): Promise<void> {
  const { client } = context.controlPlane;
  const expectKept = async (uid: string | undefined, after: string) => {
    const found = await client.find(ScaledObject, key);
    if (found?.metadata.uid !== uid || found?.spec.maxReplicaCount !== 7)
      throw new Error(`after ${after}: the ScaledObject is ${JSON.stringify(found)}`);
  };
  await withOlderChart((older) =>
    helm(context, "upgrade", "--install", "bellows", older, "-n", namespace, "--create-namespace").then(
      () => undefined,
    ),
  );
  await waitFor(
    "the older definition refuses the field",
    async () => ((await takesNewField(context)) === true ? "it takes it" : true),
    context,
  );
  const stored = JSON.parse(manifest({ maxReplicaCount: 7 }));
  const { metadata } = await client.create(ScaledObject, { ...stored, metadata: key });
  await install(context);
  await waitFor("the newer definition takes the field", () => takesNewField(context), context);
  await expectKept(metadata.uid, "the upgrade");
  await client.patch(ScaledObject, key, { type: "merge", body: { spec: { pollingInterval: 7 } } });
  await helm(context, "uninstall", "bellows", "-n", namespace);
  await expectKept(metadata.uid, "the uninstall");
  await waitFor("the definition still takes the field", () => takesNewField(context), context);
  await install(context);
  await expectKept(metadata.uid, "the second install");
  await client.delete(ScaledObject, key);
}

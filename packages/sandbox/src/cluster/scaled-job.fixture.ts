import { Job, ScaledJob } from "@bellows/api";
import { eventScalerWorld, type FakeSources } from "./event-scaler.fixture.ts";

type Spec = NonNullable<ScaledJob["spec"]>;

/** A cluster in virtual time for ScaledJobs, whose triggers answer what the test says. */
export async function scaledJobWorld(sources: FakeSources) {
  const world = await eventScalerWorld({ controllers: [], ...sources });
  const { client, settled } = world;
  const inDefault = (name: string) => ({ namespace: "default", name });
  const statusOf = async (name: string) => (await settled(client.get(ScaledJob, inDefault(name)))).status;
  return {
    ...world,
    /** A ScaledJob with one trigger, `queue`, where nothing else is said. */
    scaledJob: (name: string, spec: Partial<Spec> = {}) =>
      settled(
        client.create(ScaledJob, {
          metadata: inDefault(name),
          spec: {
            pollingInterval: 10,
            maxReplicaCount: 10,
            jobTargetRef: { template: { spec: { containers: [{ name: "work", image: "busybox" }] } } },
            triggers: [{ type: "fake", name: "queue", metadata: {} }],
            ...spec,
          },
        }),
      ),
    async jobs(name: string): Promise<number> {
      const { items } = await settled(client.list(Job, { namespace: "default" }));
      return items.filter(({ metadata }) => metadata.labels?.["scaledjob.keda.sh/name"] === name).length;
    },
    async jobCondition(type: string, name: string): Promise<string> {
      const found = (await statusOf(name))?.conditions?.find((one) => one.type === type);
      return `${found?.status} ${found?.reason}`;
    },
    activity: async (name: string) => (await statusOf(name))?.triggersActivity,
  };
}

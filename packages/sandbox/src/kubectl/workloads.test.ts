import { expect, test } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("workloads and limits through kubectl", ({ kubectl, apply, eventually }) => {
  const said = async (command: string) => (await kubectl(command)).stdout;
  const refused = async (command: string) => (await kubectl(command, { expectFailure: true })).stderr;

  test("a job completes; a cron job is tried by hand", async () => {
    await kubectl("create job once --image=busybox -- sh -c 'echo hi'");
    expect(await said("wait --for=condition=complete job/once")).toBe("job.batch/once condition met\n");
    expect(await said("logs job/once")).toBe("hi\n");
    await kubectl("create cronjob often --image=busybox --schedule='0 0 1 1 *' -- true");
    expect(await said("create job trial --from=cronjob/often")).toBe("job.batch/trial created\n");
    await kubectl("wait --for=condition=complete job/trial");
    expect(await said("get job trial -o jsonpath={.metadata.annotations}")).toBe(
      '{"cronjob.kubernetes.io/instantiate":"manual"}',
    );
    expect(await said("get job trial -o jsonpath={.metadata.ownerReferences[0].name}")).toBe("often");
  });

  test("a StatefulSet's volumes are in the zones of its nodes, and outlive its pods", async () => {
    await apply(`
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: postgres, volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`);
    await kubectl("rollout status statefulset db");
    for (const pod of ["db-0", "db-1"]) {
      expect(await said(`get pod ${pod} -o jsonpath={.status.phase}`)).toBe("Running");
      const node = await said(`get pod ${pod} -o jsonpath={.spec.nodeName}`);
      const zone = await said(`get node ${node} -o 'jsonpath={.metadata.labels.topology\\.kubernetes\\.io/zone}'`);
      const volume = await said(`get pvc data-${pod} -o jsonpath={.spec.volumeName}`);
      expect(await said(`get pv ${volume} -o jsonpath={.spec.nodeAffinity}`)).toContain(`"values":["${zone}"]`);
    }
    expect(await said("scale statefulset db --replicas=1")).toBe("statefulset.apps/db scaled\n");
    await kubectl("wait --for=delete pod/db-1");
    expect(await said("get pvc --no-headers")).toMatch(/^data-db-0 +Bound .*\ndata-db-1 +Bound /);
    await kubectl("rollout restart statefulset db");
    await kubectl("rollout status statefulset db");
    expect(await said("rollout history statefulset db")).toMatch(/^1 +<none>\n2 +<none>$/m);
    expect(await said("rollout undo statefulset db")).toBe("statefulset.apps/db rolled back\n");
  });

  test("a quota that is used up refuses pods, and what makes pods says so", async () => {
    await kubectl("create namespace tight");
    await kubectl("create quota pods --hard=pods=1 -n tight");
    await eventually("get quota pods -n tight -o jsonpath={.status.used.pods}", /^0$/);
    await kubectl("run first --image=nginx -n tight");
    expect(await refused("run second --image=nginx -n tight")).toBe(
      'Error from server (Forbidden): pods "second" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1\n',
    );
    await kubectl("create deployment more --image=nginx -n tight");
    await kubectl("wait deployment more --for=condition=ReplicaFailure -n tight");
    const message = '{.status.conditions[?(@.type=="ReplicaFailure")].message}';
    expect((await kubectl(["get", "deployment", "more", "-n", "tight", "-o", `jsonpath=${message}`])).stdout).toMatch(
      /^pods "more-\S+" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1$/,
    );
    expect(await said("describe quota pods -n tight")).toMatch(/^pods +1 +1$/m);
  });

  test("a LimitRange gives defaults and bounds", async () => {
    await kubectl("create namespace bounded");
    await kubectl("apply -n bounded -f -", {
      stdin: `
apiVersion: v1
kind: LimitRange
metadata: {name: cpu}
spec: {limits: [{type: Container, default: {cpu: 300m}, defaultRequest: {cpu: 100m}, max: {cpu: "1"}}]}
`,
    });
    await kubectl("run plain --image=nginx -n bounded");
    expect(await said("get pod plain -n bounded -o jsonpath={.spec.containers[0].resources}")).toBe(
      '{"limits":{"cpu":"300m"},"requests":{"cpu":"100m"}}',
    );
    const spec = { containers: [{ name: "big", image: "nginx", resources: { limits: { cpu: "2" } } }] };
    const run = ["run", "big", "--image=nginx", "-n", "bounded", `--overrides=${JSON.stringify({ spec })}`];
    expect((await kubectl(run, { expectFailure: true })).stderr).toBe(
      'Error from server (Forbidden): pods "big" is forbidden: maximum cpu usage per Container is 1, but limit is 2\n',
    );
  });
});

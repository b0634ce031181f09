import { expect, test } from "vitest";
import { web } from "./change.fixture.ts";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl scale, autoscale, expose and rollout", ({ kubectl, apply, eventually }) => {
  const fieldOf = async (resource: string, path: string) =>
    (await kubectl(`get ${resource} -o jsonpath={${path}}`)).stdout;
  const said = async (command: string) => (await kubectl(command)).stdout;
  const refused = async (command: string) => (await kubectl(command, { expectFailure: true })).stderr;

  test("scale a Deployment, only from the count that was expected", async () => {
    await apply(web());
    expect(await refused("scale deployment web --replicas=3 --current-replicas=9")).toBe(
      "error: Expected replicas to be 9, was 2\n",
    );
    expect(await said("scale deployment web --replicas=3 --current-replicas=2")).toBe("deployment.apps/web scaled\n");
    await eventually("get deployment web --no-headers", /^web +3\/3 +3 +3 /);
    expect(await refused("scale deployment nope --replicas=1")).toContain('deployments.apps "nope" not found');
  });

  test("scale a node group: its instances join as nodes", async () => {
    expect(await said("scale asg/ng1 --replicas=4")).toBe("autoscalinggroup.ec2.sandbox.bellows.dev/ng1 scaled\n");
    await eventually("get nodes --no-headers", /^(\S+ +Ready .*\n){4}$/);
    expect(await fieldOf("asg ng1", ".status.replicas")).toBe("4");
    expect(await said("scale asg ng1 --replicas=3 --current-replicas=4")).toMatch(/ng1 scaled/);
    await eventually("get nodes --no-headers", /^(\S+ +Ready .*\n){3}$/);
  });

  test("autoscale makes a HorizontalPodAutoscaler, once", async () => {
    await apply(web());
    const { major, minor } = (
      JSON.parse(await said("version -o json")) as { clientVersion: { major: string; minor: string } }
    ).clientVersion;
    const target = Number(major) > 1 || Number.parseInt(minor, 10) >= 34 ? "--cpu=50%" : "--cpu-percent=50";
    expect(await said(`autoscale deployment web --min=2 --max=5 ${target}`)).toBe(
      "horizontalpodautoscaler.autoscaling/web autoscaled\n",
    );
    const spec = JSON.parse(await fieldOf("hpa.v2.autoscaling web", ".spec")) as object;
    expect(spec).toMatchObject({
      minReplicas: 2,
      maxReplicas: 5,
      scaleTargetRef: { kind: "Deployment", name: "web" },
      metrics: [{ resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } }],
    });
    expect(await refused(`autoscale deployment web --max=5 ${target}`)).toContain(
      'horizontalpodautoscalers.autoscaling "web" already exists\n',
    );
    const patch = ["patch", "hpa", "web", "-p", '{"spec":{"maxReplicas":0}}'];
    expect((await kubectl(patch, { expectFailure: true })).stderr).toContain(
      "* spec.maxReplicas: Invalid value: 0: must be greater than 0\n",
    );
    await kubectl("delete hpa web");
  });

  test("expose gives a Deployment a Service with its pods behind it", async () => {
    await kubectl("create deployment shown --image=nginx --replicas=2");
    await kubectl("rollout status deployment shown");
    expect(await said("expose deployment shown --port=80 --target-port=8080")).toBe("service/shown exposed\n");
    expect(await fieldOf("service shown", ".spec.ports[0].targetPort")).toBe("8080");
    const addresses = ".items[*].endpoints[*].addresses[0]";
    const slices = `get endpointslices -l kubernetes.io/service-name=shown -o jsonpath={${addresses}}`;
    await eventually(slices, /^192\.168\.\d+\.\d+ 192\.168\.\d+\.\d+$/);
    expect(await refused("expose deployment shown --port=80")).toContain('services "shown" already exists');
    expect(await refused("expose deployment nope --port=80")).toContain('deployments.apps "nope" not found');
  });

  test("a rollout is followed, recorded and undone", async () => {
    await kubectl("delete deployment web --ignore-not-found");
    await apply(web());
    expect(await said("rollout status deployment web")).toContain('deployment "web" successfully rolled out\n');
    await kubectl("annotate deployment web kubernetes.io/change-cause=first");
    await kubectl("set image deployment/web web=nginx:1.28");
    expect(await said("rollout status deployment web")).toContain("successfully rolled out");
    await kubectl("annotate deployment web kubernetes.io/change-cause=second --overwrite");
    await eventually("rollout history deployment web", /^1 {9}first\n2 {9}second$/m);
    expect(await said("rollout history deployment web --revision=1")).toMatch(/revision #1[\s\S]*Image:\tnginx:1\.27/);
    expect(await said("rollout undo deployment web")).toBe("deployment.apps/web rolled back\n");
    await eventually("rollout history deployment web", /^2 {9}second\n3 {9}first$/m);
    expect(await fieldOf("deployment web", ".spec.template.spec.containers[0].image")).toBe("nginx:1.27");
    await kubectl("rollout undo deployment web --to-revision=2");
    expect(await fieldOf("deployment web", ".spec.template.spec.containers[0].image")).toBe("nginx:1.28");
    expect(await refused("rollout undo deployment web --to-revision=9")).toBe(
      "error: unable to find specified revision 9 in history\n",
    );
  });

  test("a rollout is restarted, paused and resumed", async () => {
    await apply(web());
    expect(await said("rollout restart deployment web")).toBe("deployment.apps/web restarted\n");
    await kubectl("rollout status deployment web");
    expect(await said("rollout pause deployment web")).toBe("deployment.apps/web paused\n");
    expect(await refused("rollout pause deployment web")).toBe('error: deployments.apps "web" is already paused\n');
    await kubectl("set image deployment/web web=nginx:1.29");
    await eventually("get deployment web --no-headers", /^web +2\/2 +0 +2 /);
    expect(await refused("rollout undo deployment web")).toContain("you cannot rollback a paused deployment");
    expect(await said("rollout resume deployment web")).toBe("deployment.apps/web resumed\n");
    await kubectl("rollout status deployment web");
    await eventually("get deployment web --no-headers", /^web +2\/2 +2 +2 /);
  });
});

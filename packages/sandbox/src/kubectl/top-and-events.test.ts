import { beforeAll, expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";
import { shop } from "./shop.fixture.ts";

describeKubectl("kubectl top, kubectl events", ({ kubectl, apply, eventually }) => {
  beforeAll(async () => {
    await apply(shop);
    await kubectl("-n shop wait --for=condition=Available deployment/web --timeout=2m");
    // A pod has metrics by the first sample after it has run for ten seconds, each pod at a time of its own.
    await eventually(
      ["get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=app%3Dweb"],
      /("ticker".*){3}/s,
    );
  });

  const top = async (command: string) => (await kubectl(`top ${command}`)).stdout;

  it("shows what nodes use", async () => {
    const text = await top("nodes");
    expect(text).toMatch(/^NAME +CPU\(cores\) +CPU\(?%\)? +MEMORY\(bytes\) +MEMORY\(?%\)? *\n/);
    expect(text.match(/^ip-\S+ +\d+m +\d+% +\d+Mi +\d+% *$/gm)).toHaveLength(3);
    const memory = (await top("nodes --sort-by=memory --no-headers"))
      .trim()
      .split("\n")
      .map((line) => Number.parseInt(line.split(/ +/)[3] ?? "", 10));
    expect(memory).toEqual([...memory].sort((a, b) => b - a));
    const name = (await kubectl("get nodes -o jsonpath={.items[0].metadata.name}")).stdout;
    expect((await top(`node ${name}`)).trim().split("\n")).toHaveLength(2);
    expect(await top("nodes -l topology.kubernetes.io/region=us-east-1 --show-capacity")).toContain("ip-");
  });

  it("shows what pods use", async () => {
    expect(await top("pods -n shop -l app=web")).toMatch(
      /^NAME +CPU\(cores\) +MEMORY\(bytes\) *\n(web-\S+ +\d+m +\d+Mi *\n){3}$/,
    );
    expect(await top("pods -A --sort-by=cpu")).toMatch(/^kube-system +coredns-\S+ +\d+m +\d+Mi *$/m);
    expect(await top("pods -n shop -l app=web --sum")).toMatch(/^ +_+ +_+ *\n +\d+m +\d+Mi *$/m);
    expect(await top("pods -A --field-selector=metadata.namespace=shop --no-headers")).not.toContain("coredns");
  });

  it("shows what containers use", async () => {
    const text = await top("pods -n shop -l app=web --containers");
    expect(text).toMatch(/^POD +NAME +CPU\(cores\) +MEMORY\(bytes\) *\n/);
    expect(text.match(/^web-\S+ +(nginx|ticker) +\d+m +\d+Mi *$/gm)).toHaveLength(6);
  });

  it("refuses pods and nodes that are not there", async () => {
    const { stderr } = await kubectl("top node none", { expectFailure: true });
    expect(stderr).toBe('Error from server (NotFound): nodemetrics.metrics.k8s.io "none" not found\n');
    expect((await kubectl("top pod none", { expectFailure: true })).stderr).toMatch(
      /"?default\/none"? not found|pods? .*none.* not found/,
    );
    expect((await kubectl("top pods -n nowhere")).stderr).toBe("No resources found in nowhere namespace.\n");
  });

  it("lists events, oldest first", async () => {
    const { stdout } = await kubectl("events -n shop");
    expect(stdout).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
    expect(stdout).toMatch(/ Normal +ScalingReplicaSet +Deployment\/web +Scaled up replica set web-\w+ from 0 to 3$/m);
    expect(stdout.indexOf("SuccessfulCreate")).toBeLessThan(stdout.indexOf("Started"));
  });

  it("lists the events of one object, of one type, of all namespaces", async () => {
    const events = async (options: string) => (await kubectl(`events --no-headers ${options}`)).stdout;
    expect(await events("-n shop --for=deployment/web")).toMatch(
      /^\S+ +Normal +ScalingReplicaSet +Deployment\/web +.*\n$/,
    );
    expect(await events("-n shop --for=job.batch/report --types=Normal")).toMatch(
      /SuccessfulCreate +Job\/report +Created pod: report-/,
    );
    expect(await events("-A --types=Normal")).toMatch(/^(default|kube-system) +/m);
    await kubectl(
      'run stuck -n shop --image=example.com/none:1 --overrides={"spec":{"nodeSelector":{"no":"where"}}}'.split(" "),
    );
    await eventually(
      "events -n shop --for=pod/stuck --types=Warning",
      /FailedScheduling +Pod\/stuck +0\/3 nodes are available: 3 node\(s\) didn't match Pod's node affinity\/selector/,
    );
  });

  it("prints events as JSON and YAML", async () => {
    const { items } = JSON.parse((await kubectl("events -n shop --for=deployment/web -o json")).stdout);
    expect(items[0]).toMatchObject({
      reason: "ScalingReplicaSet",
      involvedObject: { kind: "Deployment", name: "web" },
    });
    expect((await kubectl("get events -n shop --field-selector=reason=ScalingReplicaSet -o yaml")).stdout).toContain(
      "reason: ScalingReplicaSet",
    );
    expect((await kubectl("get events -n shop -o wide --sort-by=.lastTimestamp")).stdout).toMatch(
      /^LAST SEEN +TYPE +REASON +OBJECT +SUBOBJECT +SOURCE +MESSAGE +FIRST SEEN +COUNT +NAME\n/,
    );
  });

  it("watches events", async () => {
    const { stdout } = await kubectl("events -n shop --watch --for=deployment/web", { until: /ScalingReplicaSet/ });
    expect(stdout).toContain("Deployment/web");
  });

  it("refuses what makes no sense", async () => {
    const refused = async (options: string) => (await kubectl(`events ${options}`, { expectFailure: true })).stderr;
    expect(await refused("--types=Foo")).toBe("error: valid --types are Normal or Warning\n");
    expect(await refused("--for=foo")).toBe("error: --for must be in resource/name form\n");
    expect(await refused("--for=foo/bar")).toMatch(/the server doesn't have a resource type "foo"\n$/);
    expect((await kubectl("events -n nowhere")).stderr).toBe("No events found in nowhere namespace.\n");
  });
});

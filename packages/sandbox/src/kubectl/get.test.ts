import { beforeAll, expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";
import { nodePool, shop } from "./shop.fixture.ts";

describeKubectl("kubectl get", ({ kubectl, apply, eventually, file }) => {
  beforeAll(async () => {
    await apply(`${shop}---${nodePool}`);
    await kubectl("-n shop wait --for=condition=Available deployment/web --timeout=2m");
    await kubectl("-n shop wait --for=condition=Complete job/report --timeout=2m");
  });

  it("prints the columns of a kind", async () => {
    const { stdout } = await kubectl("get pods -n shop");
    expect(stdout).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\n/);
    expect(stdout).toMatch(/^report-\w{5} +0\/1 +Completed +0 +\d+\w+$/m);
    expect(stdout.match(/^web-\w+-\w{5} +2\/2 +Running +0 +\d+\w+$/gm)).toHaveLength(3);
  });

  it.each([
    ["pods", /NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/],
    ["deployments", /NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb +3\/3 +3 +3 /],
    ["replicasets", /NAME +DESIRED +CURRENT +READY +AGE +CONTAINERS +IMAGES +SELECTOR\nweb-\w+ +3 +3 +3 /],
    [
      "services",
      /NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE +SELECTOR\nweb +ClusterIP +10\.\S+ +<none> +80\/TCP /,
    ],
    [
      "jobs",
      /NAME +STATUS +COMPLETIONS +DURATION +AGE +CONTAINERS +IMAGES +SELECTOR\nreport +Complete +1\/1 +\d+[sm]\S* /,
    ],
    [
      "nodes",
      /NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME\n/,
    ],
    ["nodepools", /NAME +NODECLASS +NODES +READY +AGE +WEIGHT +CPU +MEMORY\ndefault +default +/],
    [
      "hpa",
      /NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nweb +Deployment\/web +cpu: <unknown>\/50% +3 +10 /,
    ],
    ["namespaces", /NAME +STATUS +AGE\ndefault +Active /],
    [
      "storageclasses",
      /NAME +PROVISIONER +RECLAIMPOLICY +VOLUMEBINDINGMODE +ALLOWVOLUMEEXPANSION +AGE\ngp2 \(default\) +/,
    ],
  ])("prints the wide columns of %s", async (kind, expected) => {
    expect((await kubectl(`get ${kind} -n shop -o wide`)).stdout).toMatch(expected);
  });

  it("prints several kinds at once, each with its own columns", async () => {
    const { stdout } = await kubectl("get deployments,services,configmaps -n shop");
    expect(stdout).toMatch(/^deployment\.apps\/web +3\/3/m);
    expect(stdout).toMatch(/^service\/web +ClusterIP/m);
    expect(stdout).toMatch(/^configmap\/settings +2 /m);
  });

  it("prints all that is in the category all", async () => {
    const { stdout } = await kubectl("get all -n shop");
    for (const name of [
      "pod/web-",
      "service/web ",
      "deployment.apps/web ",
      "replicaset.apps/web-",
      "job.batch/report ",
    ])
      expect(stdout).toContain(`\n${name}`.replace("\npod", "pod"));
    expect(stdout).toContain("horizontalpodautoscaler.autoscaling/web");
    expect(stdout).not.toContain("configmap");
  });

  it("prints custom resources by their category", async () => {
    const { stdout } = await kubectl("get karpenter -o name");
    expect(stdout.split("\n")).toEqual(
      expect.arrayContaining(["nodepool.karpenter.sh/default", "ec2nodeclass.karpenter.k8s.aws/default"]),
    );
  });

  it("prints names", async () => {
    const { stdout } = await kubectl("get deployments,cm/settings -n shop -o name", { expectFailure: true });
    expect(stdout).toBe("");
    expect((await kubectl("get deployment/web cm/settings -n shop -o name")).stdout).toBe(
      "deployment.apps/web\nconfigmap/settings\n",
    );
  });

  it("prints JSON with the defaults of the server, without the managers of fields unless asked", async () => {
    const deployment = JSON.parse((await kubectl("get deployment web -n shop -o json")).stdout);
    expect(deployment).toMatchObject({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "shop", generation: 1, uid: expect.any(String) },
      spec: { revisionHistoryLimit: 10, strategy: { type: "RollingUpdate" } },
      status: { readyReplicas: 3 },
    });
    expect(deployment.metadata).not.toHaveProperty("managedFields");
    const managed = JSON.parse((await kubectl("get deployment web -n shop -o json --show-managed-fields")).stdout);
    expect(managed.metadata.managedFields.map((entry: { manager: string }) => entry.manager)).toContain(
      "kubectl-client-side-apply",
    );
  });

  it("prints YAML that can be applied again", async () => {
    const { stdout } = await kubectl("get configmap settings -n shop -o yaml");
    expect(stdout).toMatch(/^apiVersion: v1\ndata:\n {2}mode: dark\n {2}rate: "5"\nkind: ConfigMap\n/);
    // Its note of what was applied last is all that changes.
    expect((await apply(stdout)).stdout).toBe("configmap/settings configured\n");
  });

  it("prints a list of several objects as one List", async () => {
    const { kind, items } = JSON.parse((await kubectl("get deployments,services -n shop -o json")).stdout);
    expect(kind).toBe("List");
    expect(items.map((item: { kind: string }) => item.kind)).toEqual(["Deployment", "Service"]);
  });

  it("prints by JSONPath", async () => {
    const images = "{range .items[*]}{.metadata.labels.app}={.spec.containers[*].image}{'\\n'}{end}";
    const { stdout } = await kubectl(["get", "pods", "-n", "shop", "-l", "app=web", "-o", `jsonpath=${images}`]);
    expect(stdout).toBe("web=nginx:1.27 busybox:1.36\n".repeat(3));
    const asJson = await kubectl("get deployment web -n shop -o jsonpath-as-json={.spec.selector.matchLabels}");
    expect(JSON.parse(asJson.stdout)).toEqual([{ app: "web" }]);
    const path = file("path", "{.spec.replicas}");
    expect((await kubectl(`get deployment web -n shop -o jsonpath-file=${path}`)).stdout).toBe("3");
  });

  it("prints columns of one's own", async () => {
    const columns = "NAME:.metadata.name,REPLICAS:.spec.replicas,NONE:.spec.nothing";
    expect((await kubectl(`get deployments -n shop -o custom-columns=${columns}`)).stdout).toBe(
      "NAME   REPLICAS   NONE\nweb    3          <none>\n",
    );
    const template = file("columns", "NAME          MODE\nmetadata.name data.mode\n");
    expect((await kubectl(`get cm settings -n shop -o custom-columns-file=${template}`)).stdout).toBe(
      "NAME       MODE\nsettings   dark\n",
    );
  });

  it("prints by a Go template", async () => {
    const template = "{{range $key, $value := .data}}{{$key}}={{$value}};{{end}}";
    const { stdout } = await kubectl(["get", "cm", "settings", "-n", "shop", "-o", `go-template=${template}`]);
    expect(stdout).toBe("mode=dark;rate=5;");
    const path = file("template", "{{.metadata.name}}");
    expect((await kubectl(`get cm settings -n shop -o go-template-file=${path}`)).stdout).toBe("settings");
  });

  it("sorts by a field", async () => {
    const { stdout } = await kubectl("get pods -n shop --sort-by=.metadata.name -o name");
    const names = stdout.trim().split("\n");
    expect(names).toEqual([...names].sort());
    const byAge = await kubectl("get namespaces --sort-by={.metadata.creationTimestamp} --no-headers");
    expect(byAge.stdout.trim().split("\n").at(-1)).toMatch(/^shop /);
  });

  it("selects by labels", async () => {
    const count = async (selector: string) =>
      (await kubectl(["get", "pods", "-n", "shop", "-o", "name", "-l", selector])).stdout.split("\n").length - 1;
    expect(await count("app=web")).toBe(3);
    expect(await count("app in (web,report),tier!=front")).toBe(1);
    expect(await count("tier")).toBe(3);
    expect(await count("!tier")).toBe(1);
    expect(await count("app notin (web)")).toBe(1);
    expect(await count("app=nothing")).toBe(0);
  });

  it("says so where nothing is selected", async () => {
    const { stdout, stderr } = await kubectl("get pods -n shop -l app=nothing");
    expect([stdout, stderr]).toEqual(["", "No resources found in shop namespace.\n"]);
    expect((await kubectl("get pods -A -l app=nothing")).stderr).toBe("No resources found\n");
  });

  it("selects by fields", async () => {
    const { stdout } = await kubectl("get pods -n shop --field-selector=status.phase!=Running -o name");
    expect(stdout).toMatch(/^pod\/report-\w{5}\n$/);
    const named = await kubectl("get pods -A --field-selector=metadata.namespace=shop,status.phase=Running -o name");
    expect(named.stdout.match(/pod\/web/g)).toHaveLength(3);
    const node = (await kubectl("get nodes -o jsonpath={.items[0].metadata.name}")).stdout;
    const onNode = await kubectl(
      `get pods -A --field-selector spec.nodeName=${node} -o jsonpath={.items[*].spec.nodeName}`,
    );
    expect(new Set(onNode.stdout.split(" "))).toEqual(new Set([node]));
  });

  it("reads all namespaces in chunks", async () => {
    const { stdout } = await kubectl("get pods -A --chunk-size=2");
    expect(stdout).toMatch(/^NAMESPACE +NAME +READY/);
    expect(stdout).toMatch(/^kube-system +coredns-/m);
    expect(stdout.match(/^shop +web-/gm)).toHaveLength(3);
    expect((await kubectl("get pods -A --chunk-size=0 -o name")).stdout.split("\n")).toHaveLength(
      stdout.split("\n").length - 1,
    );
  });

  it("shows labels, all or some of them as columns", async () => {
    expect((await kubectl("get namespace shop --show-labels")).stdout).toMatch(
      /^NAME +STATUS +AGE +LABELS\nshop +Active +\S+ +kubernetes\.io\/metadata\.name=shop,team=sales\n$/,
    );
    expect((await kubectl("get pods -n shop -L app,tier -l app=report --no-headers")).stdout).toMatch(/ report +\n$/);
    expect((await kubectl("get nodes -L topology.kubernetes.io/zone")).stdout).toMatch(/ZONE\n.* us-east-1[a-f]\n/);
  });

  it("shows the kind where it is asked to", async () => {
    expect((await kubectl("get deployment web -n shop --show-kind")).stdout).toMatch(/^deployment\.apps\/web /m);
  });

  it("reads a version of a kind that is not the preferred one", async () => {
    expect(
      (
        await kubectl(
          "get horizontalpodautoscalers.v1.autoscaling web -n shop -o jsonpath={.apiVersion}/{.spec.targetCPUUtilizationPercentage}",
        )
      ).stdout,
    ).toBe("autoscaling/v1/50");
  });

  it("reads what a file names", async () => {
    const path = file("shop.yaml", shop);
    const { stdout } = await kubectl(`get -f ${path} -o name`);
    expect(stdout.split("\n")).toEqual(
      expect.arrayContaining(["namespace/shop", "deployment.apps/web", "service/web", "job.batch/report"]),
    );
    expect((await kubectl("get deployment none -n shop --ignore-not-found")).stdout).toBe("");
  });

  it("reads a subresource", async () => {
    expect(
      (await kubectl("get deployment web -n shop --subresource=scale -o jsonpath={.kind}:{.spec.replicas}")).stdout,
    ).toBe("Scale:3");
    expect((await kubectl("get deployment web -n shop --subresource=status")).stdout).toMatch(/^web +3\/3/m);
  });

  it("follows an object until a field has its value", async () => {
    await eventually(
      "get nodepool default -o jsonpath={.spec.disruption.consolidationPolicy}",
      /^WhenEmptyOrUnderutilized$/,
    );
  });
});

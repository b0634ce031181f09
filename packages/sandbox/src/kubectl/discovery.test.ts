import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl api-resources, api-versions, version, cluster-info, get --raw", (cluster) => {
  const { kubectl, eventually } = cluster;
  const lines = async (command: string) => (await kubectl(command)).stdout.trimEnd().split("\n");

  it("lists the resources, with their verbs and categories where asked", async () => {
    const resources = await lines("api-resources");
    expect(resources[0]).toMatch(/^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND$/);
    expect(resources).toContainEqual(expect.stringMatching(/^deployments +deploy +apps\/v1 +true +Deployment$/));
    expect(resources).toContainEqual(
      expect.stringMatching(/^horizontalpodautoscalers +hpa +autoscaling\/v2 +true +HorizontalPodAutoscaler$/),
    );
    expect(resources).toContainEqual(expect.stringMatching(/^nodepools +karpenter\.sh\/v1 +false +NodePool$/));
    expect(resources).toContainEqual(expect.stringMatching(/^nodes +metrics\.k8s\.io\/v1beta1 +false +NodeMetrics$/));
    expect(await lines("api-resources -o wide")).toContainEqual(
      expect.stringMatching(
        /^pods +po +v1 +true +Pod +create,delete,deletecollection,get,list,patch,update,watch +all$/,
      ),
    );
  });

  it("lists some of the resources", async () => {
    const names = async (options: string) => lines(`api-resources -o name ${options}`);
    expect(await names("--namespaced=false")).toEqual(
      expect.arrayContaining(["namespaces", "nodes", "nodepools.karpenter.sh"]),
    );
    expect(await names("--namespaced=false")).not.toContain("pods");
    expect(await names("--verbs=create --api-group=authorization.k8s.io --sort-by=name")).toEqual([
      "localsubjectaccessreviews.authorization.k8s.io",
      "selfsubjectaccessreviews.authorization.k8s.io",
      "selfsubjectrulesreviews.authorization.k8s.io",
      "subjectaccessreviews.authorization.k8s.io",
    ]);
    expect(await names("--api-group=apps")).toEqual([
      "controllerrevisions.apps",
      "daemonsets.apps",
      "deployments.apps",
      "replicasets.apps",
      "statefulsets.apps",
    ]);
    expect(await names("--categories=karpenter")).toContain("nodeclaims.karpenter.sh");
    expect(await names("--cached --no-headers")).toContain("pods");
  });

  it("lists the versions of the API", async () => {
    const versions = await lines("api-versions");
    expect(versions).toEqual([...versions].sort());
    expect(versions).toEqual(
      expect.arrayContaining(["apps/v1", "autoscaling/v1", "autoscaling/v2", "karpenter.sh/v1", "v1"]),
    );
  });

  it("tells the versions of the client and of the server", async () => {
    expect((await kubectl("version")).stdout).toMatch(
      /^Client Version: v1\.\d+.*\nKustomize Version: v\S+\nServer Version: v1\.35\.\d+\S*\n$/,
    );
    expect(JSON.parse((await kubectl("version -o json")).stdout).serverVersion).toMatchObject({
      major: "1",
      minor: "35",
    });
    expect((await kubectl("version -o yaml --client")).stdout).not.toContain("serverVersion");
  });

  it("tells where the cluster is", async () => {
    expect(stripVTControlCharacters((await kubectl("cluster-info")).stdout)).toContain(
      `Kubernetes control plane is running at ${cluster.sandbox.url}\n`,
    );
  });

  it("dumps the cluster", async () => {
    const { stdout } = await kubectl("cluster-info dump");
    expect(stdout).toContain('"kind": "NodeList"');
    expect(stdout).toMatch(/^==== START logs for container coredns of pod kube-system\/coredns-/m);
    expect((await kubectl("cluster-info dump --namespaces=default --output-directory=dump")).stdout).toBe(
      "Cluster info dumped to dump\n",
    );
  });

  it("reads paths", async () => {
    const raw = async (path: string) => (await kubectl(["get", "--raw", path])).stdout;
    for (const path of ["/healthz", "/livez", "/readyz", "/healthz/ping"]) expect(await raw(path)).toBe("ok");
    expect(await raw("/readyz?verbose")).toMatch(/^\[\+\]ping ok\n(.*ok\n)*readyz check passed\n$/);
    expect(JSON.parse(await raw("/version"))).toMatchObject({ major: "1", minor: "35" });
    expect(JSON.parse(await raw("/api"))).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
    expect(JSON.parse(await raw("/")).paths).toEqual(
      expect.arrayContaining(["/api", "/apis/apps/v1", "/openapi/v3", "/metrics"]),
    );
    expect(JSON.parse(await raw("/apis/apps/v1"))).toMatchObject({ kind: "APIResourceList", groupVersion: "apps/v1" });
    expect(JSON.parse(await raw("/openapi/v3")).paths).toHaveProperty(["apis/karpenter.sh/v1"]);
    expect(JSON.parse(await raw("/openapi/v2"))).toMatchObject({ swagger: "2.0" });
    expect(await raw("/metrics")).toMatch(/^apiserver_storage_objects\{resource="pods"\} \d+$/m);
  });

  it("reads objects by their paths", async () => {
    const raw = async (path: string) => JSON.parse((await kubectl(["get", "--raw", path])).stdout);
    expect(await raw("/api/v1/namespaces/kube-system/services/kube-dns")).toMatchObject({
      kind: "Service",
      metadata: { name: "kube-dns" },
    });
    expect((await raw("/api/v1/pods?limit=1")).metadata).toMatchObject({
      continue: expect.any(String),
      remainingItemCount: expect.any(Number),
    });
    const { stdout } = await eventually(["get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes"], /("usage".*){3}/s);
    expect(JSON.parse(stdout).items).toHaveLength(3);
  });
});

import { beforeAll, expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";
import { nodePool, shop } from "./shop.fixture.ts";

describeKubectl(
  "kubectl describe",
  ({ kubectl, apply, eventually }) => {
    beforeAll(async () => {
      await apply(`${shop}---${nodePool}`);
      await kubectl("-n shop wait --for=condition=Available deployment/web --timeout=2m");
      await kubectl("-n shop wait --for=condition=Complete job/report --timeout=2m");
    });

    const described = async (what: string) => (await kubectl(`describe ${what}`)).stdout;

    it("describes a pod with its containers, conditions, volumes and events", async () => {
      const text = await described("pod -n shop -l app=web");
      expect(text).toMatch(/^Name: +web-\w+-\w{5}\nNamespace: +shop\n/);
      expect(text).toMatch(/^Controlled By: +ReplicaSet\/web-\w+$/m);
      expect(text).toMatch(/^ {2}nginx:\n {4}Container ID: +containerd:\/\/[0-9a-f]{64}\n {4}Image: +nginx:1\.27$/m);
      expect(text).toMatch(/^ {4}Limits:\n {6}cpu: +200m\n {6}memory: +128Mi$/m);
      expect(text).toMatch(/^ {2}PodReadyToStartContainers +True/m);
      expect(text).toMatch(/^QoS Class: +Burstable$/m);
      expect(text).toMatch(/Normal +Scheduled .* default-scheduler +Successfully assigned shop\/web-/);
      expect(text).toMatch(
        /Normal +Pulled .* kubelet +(spec\.containers\{nginx\}: )?Successfully pulled image "nginx:1.27" in /,
      );
    });

    it("describes pods by the beginning of their names", async () => {
      expect((await described("pods web- -n shop")).match(/^Name: /gm)).toHaveLength(3);
    });

    it("describes a node with its capacity, pods and what they request", async () => {
      const name = (await kubectl("get pods -n shop -l app=web -o jsonpath={.items[0].spec.nodeName}")).stdout;
      const text = await described(`node ${name}`);
      expect(text).toMatch(/^Conditions:\n.*\n.*\n {2}MemoryPressure +False +/m);
      expect(text).toMatch(/^Capacity:\n {2}cpu: +2\n/m);
      expect(text).toMatch(/^ {2}shop +web-\w+-\w+ +110m \(\d+%\) +200m \(\d+%\) +80Mi \(\d+%\) +128Mi \(\d+%\) /m);
      expect(text).toMatch(/^ProviderID: +aws:\/\/\/us-east-1\w\/i-[0-9a-f]{17}$/m);
      expect(text).toMatch(/^ {2}HolderIdentity: +ip-/m);
      expect(text).toMatch(/Normal +NodeReady /);
    });

    it("describes a Deployment and its ReplicaSet", async () => {
      const text = await described("deployment web -n shop");
      expect(text).toMatch(/^Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable$/m);
      expect(text).toMatch(/^RollingUpdateStrategy: +25% max unavailable, 25% max surge$/m);
      expect(text).toMatch(/^ {2}Available +True +MinimumReplicasAvailable$/m);
      expect(text).toMatch(/^NewReplicaSet: +web-\w+ \(3\/3 replicas created\)$/m);
      expect(text).toMatch(/ScalingReplicaSet .* Scaled up replica set web-\w+ from 0 to 3$/m);
      const set = await described("rs -n shop");
      expect(set).toMatch(/^Pods Status: +3 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed$/m);
      expect(set).toMatch(/SuccessfulCreate .* Created pod: web-/);
    });

    it("describes a HorizontalPodAutoscaler with its metrics", async () => {
      await eventually("describe hpa web -n shop", /ScalingActive +True +ValidMetricFound/);
      const text = await described("hpa web -n shop");
      expect(text).toMatch(/^Reference: +Deployment\/web$/m);
      expect(text).toMatch(/resource cpu on pods {2}\(as a percentage of request\): +\d+% \(\d+m\) \/ 50%/);
      expect(text).toMatch(/^Min replicas: +3\nMax replicas: +10$/m);
      expect(text).toMatch(/^Deployment pods: +3 current \/ 3 desired$/m);
      expect(text).toMatch(/^ {2}AbleToScale +True +/m);
    });

    it("describes a Service with its endpoints", async () => {
      const text = (await eventually("describe service web -n shop", /:8080,/)).stdout;
      expect(text).toMatch(/^Type: +ClusterIP$/m);
      expect(text).toMatch(/^Port: +http {2}80\/TCP\nTargetPort: +8080\/TCP\nEndpoints: +(\d+\.){3}\d+:8080,/m);
    });

    it("describes a namespace with its quotas and limits", async () => {
      await kubectl("create quota small -n shop --hard=configmaps=5");
      await eventually("get quota small -n shop -o jsonpath={.status.used.configmaps}", /^2$/);
      const text = await described("namespace shop");
      expect(text).toMatch(/^Status: +Active$/m);
      expect(text).toMatch(/^Resource Quotas\n {2}Name: +small\n {2}Resource +Used +Hard\n.*\n {2}configmaps +2 +5$/m);
      expect(text).toMatch(/^No LimitRange resource\.$/m);
    });

    it("describes a Job, a ConfigMap, a ServiceAccount, a StorageClass, a role", async () => {
      expect(await described("job report -n shop")).toMatch(
        /^Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed$/m,
      );
      // kubectl goes through a Go map here: either entry may come first.
      expect(await described("cm settings -n shop")).toMatch(
        /^Data\n====\n(mode:\n----\ndark\n\nrate:\n----\n5\n|rate:\n----\n5\n\nmode:\n----\ndark\n)\n\nBinaryData\n/m,
      );
      expect(await described("sa default -n shop")).toMatch(/^Image pull secrets: +<none>$/m);
      expect(await described("storageclass gp2")).toMatch(
        /^Provisioner: +\S+ebs\.csi\.aws\.com|^Provisioner: +ebs\.csi\.aws\.com$/m,
      );
      expect(await described("clusterrole cluster-admin")).toMatch(/^ {2}\*\.\* +\[\] +\[\] +\[\*\]$/m);
      expect(await described("priorityclass system-node-critical")).toMatch(/^Value: +2000001000$/m);
    });

    it("describes custom resources and their definitions", async () => {
      const pool = await described("nodepool default");
      expect(pool).toMatch(/^API Version: +karpenter\.sh\/v1\nKind: +NodePool$/m);
      expect(pool).toMatch(/^ {2}Disruption:\n {4}Budgets:\n {6}Nodes: +10%$/m);
      const definition = await described("crd nodepools.karpenter.sh");
      expect(definition).toMatch(/^ {2}Group: +karpenter\.sh$/m);
      expect(definition).toMatch(/Type: +Established$/m);
    });

    it("describes an event, an APIService, a Lease", async () => {
      const event = await described("events.v1. -n shop --chunk-size=5");
      expect(event).toMatch(/^Reason: +Scheduled$/m);
      expect(event).toMatch(/^Involved Object:\n {2}API Version: +v1\n {2}Kind: +Pod$/m);
      expect(await described("apiservice v1beta1.metrics.k8s.io")).toMatch(/Message: +all checks passed$/m);
      expect(await described("leases -n kube-node-lease")).toMatch(/^ {2}Holder Identity: +ip-/m);
    });

    it("leaves events out where it is asked to", async () => {
      expect(await described("deployment web -n shop --show-events=false")).not.toContain("Events:");
    });
  },
  { controllers: ["hpa"] },
);

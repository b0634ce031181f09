import { expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl explain", ({ kubectl }) => {
  const explained = async (what: string) => (await kubectl(`explain ${what}`)).stdout;

  it("explains a kind and its fields", async () => {
    const text = await explained("pod");
    expect(text).toMatch(/^KIND: +Pod\nVERSION: +v1\n\nDESCRIPTION:\n {4}\S/);
    expect(text).toMatch(/^ {2}metadata\t<ObjectMeta>\n {4}\S/m);
    expect(text).toMatch(/^ {2}spec\t<PodSpec>\n {4}\S/m);
  });

  it("explains a field, with its enumeration and what it requires", async () => {
    const text = await explained("pod.spec.containers");
    expect(text).toMatch(/^FIELD: containers <\[\]Container>\n/m);
    expect(text).toMatch(/^ {2}name\t<string> -required-$/m);
    const policy = await explained("pod.spec.restartPolicy");
    expect(policy).toMatch(/^FIELD: restartPolicy <string>\nENUM:\n {4}Always\n {4}Never\n {4}OnFailure\n/m);
  });

  it("explains all fields below", async () => {
    const text = await explained("deployment.spec.strategy --recursive");
    expect(text).toMatch(/^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: strategy <DeploymentStrategy>$/m);
    expect(text).toMatch(
      /^ {2}rollingUpdate\t<RollingUpdateDeployment>\n {4}maxSurge\t<IntOrString>\n {4}maxUnavailable\t<IntOrString>\n/m,
    );
    expect((await explained("pods --recursive")).split("\n").length).toBeGreaterThan(800);
  });

  it("explains another version", async () => {
    const text = await explained("hpa.spec --api-version=autoscaling/v1");
    expect(text).toMatch(/^VERSION: +v1$/m);
    expect(text).toContain("targetCPUUtilizationPercentage\t<integer>");
    expect(await explained("hpa.spec.metrics")).toMatch(/^VERSION: +v2$/m);
  });

  it("explains custom resources", async () => {
    const text = await explained("nodepool.spec.disruption");
    expect(text).toMatch(/^GROUP: +karpenter\.sh\nKIND: +NodePool\nVERSION: +v1$/m);
    expect(text).toMatch(/^ {2}consolidationPolicy\t<string>\n {2}enum: WhenEmpty, WhenEmptyOrUnderutilized\b/m);
    expect(await explained("ec2nodeclass.spec --recursive")).toContain("amiSelectorTerms\t<[]Object> -required-");
    expect(await explained("nodepools --api-version=karpenter.sh/v1beta1")).toMatch(/^VERSION: +v1beta1$/m);
  });

  it("explains by the document of version 2", async () => {
    const text = await explained("deployment.spec --output=plaintext-openapiv2");
    expect(text).toMatch(/^KIND: +Deployment\nVERSION: +apps\/v1\n\nRESOURCE: spec <Object>\n/);
    expect(text).toMatch(/^ {3}replicas\t<integer>$/m);
  });

  it("refuses what is not there", async () => {
    const refused = async (what: string) => (await kubectl(`explain ${what}`, { expectFailure: true })).stderr;
    expect(await refused("foo")).toMatch(/^(error: )?the server doesn't have a resource type "foo"\n$/);
    expect(await refused("pod.spec.foo")).toBe('error: field "foo" does not exist\n');
    expect(await refused("pods --api-version=example.com/v9")).toBe(
      'error: couldn\'t find resource for "example.com/v9, Resource=pods"\n',
    );
  });
});

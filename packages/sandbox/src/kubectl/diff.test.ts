import { beforeAll, expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";
import { shop } from "./shop.fixture.ts";

describeKubectl("kubectl diff", ({ kubectl, apply, eventually, file }) => {
  beforeAll(async () => {
    await apply(shop);
    // A status that changes between kubectl's two readings is a difference.
    await kubectl("-n shop wait --for=condition=Available deployment/web --timeout=2m");
    await eventually("get deployment web -n shop -o jsonpath={.status.conditions}", /NewReplicaSetAvailable/);
    await kubectl("-n shop wait --for=condition=Complete job/report --timeout=2m");
  });

  it("ends with 0 and says nothing where nothing differs", async () => {
    const { stdout, code } = await kubectl("diff -f -", { stdin: shop });
    expect([stdout, code]).toEqual(["", 0]);
  });

  it("ends with 1 and shows what would change, defaults of the server included", async () => {
    const changed = shop.replace("replicas: 3", "replicas: 5").replace("nginx:1.27", "nginx:1.28");
    const { stdout, code } = await kubectl(`diff -f ${file("changed.yaml", changed)}`, { expectFailure: true });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^- {2}replicas: 3\n\+ {2}replicas: 5$/m);
    expect(stdout).toMatch(/^-( +)- image: nginx:1\.27\n\+\1- image: nginx:1\.28$/m);
    expect(stdout).toMatch(/^- {2}generation: 1\n\+ {2}generation: 2$/m);
    expect((await kubectl("get deployment web -n shop -o jsonpath={.spec.replicas}")).stdout).toBe("3");
  });

  it("shows what does not exist yet as new", async () => {
    const stdin = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh, namespace: shop}\ndata: {a: b}\n";
    const { stdout, code } = await kubectl("diff -f -", { stdin, expectFailure: true });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\+data:\n\+ {2}a: b\n\+kind: ConfigMap$/m);
    expect((await kubectl("get configmap fresh -n shop --ignore-not-found")).stdout).toBe("");
  });

  it("shows what the server would make of an apply on its side", async () => {
    const stdin = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {extra: x}\n";
    const { stdout, code } = await kubectl("diff --server-side -f -", { stdin, expectFailure: true });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\+ {2}extra: x$/m);
    expect(stdout).not.toMatch(/^- {2}mode/m);
  });

  it("ends with more than 1 where it cannot tell", async () => {
    const stdin = shop.replace("replicas: 3", "replicas: three");
    const { stderr, code } = await kubectl("diff -f -", { stdin, expectFailure: true });
    expect(code).toBeGreaterThan(1);
    expect(stderr).toContain("unrecognized type: int32");
  });
});

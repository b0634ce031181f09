import { expect, test } from "vitest";
import { web } from "./change.fixture.ts";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl edit, patch, label, annotate and set", ({ kubectl, apply, eventually }) => {
  const fieldOf = async (resource: string, path: string) =>
    (await kubectl(`get ${resource} -o jsonpath={${path}}`)).stdout;
  const fresh = async () => {
    await kubectl("delete deployment,service web --ignore-not-found");
    await apply(web());
  };

  test("edit sends what the editor changed, and nothing where it changed nothing", async () => {
    await fresh();
    const edited = await kubectl("edit deployment web", { editor: 'sed -i "s/replicas: 2/replicas: 1/"' });
    expect(edited.stdout).toBe("deployment.apps/web edited\n");
    expect(await fieldOf("deployment web", ".spec.replicas")).toBe("1");
    const same = await kubectl("edit deployment web", { editor: "true" });
    expect(same.stderr + same.stdout).toContain("Edit cancelled, no changes made.");
  });

  test.each([
    ["strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}'],
    ["merge", '{"spec":{"replicas":3}}'],
    ["json", '[{"op":"replace","path":"/spec/replicas","value":4}]'],
  ])("a %s patch", async (type, patch) => {
    await fresh();
    const words = ["patch", "deployment", "web", `--type=${type}`, "-p", patch];
    expect((await kubectl(words)).stdout).toBe("deployment.apps/web patched\n");
    // kubectl compares with what it has read before, and the status may change in between while pods start.
    await eventually(words, /^deployment\.apps\/web patched \(no change\)\n$/);
    const spec = await fieldOf("deployment web", ".spec.replicas},{.spec.template.spec.containers[0].env[0].name");
    expect(spec).toBe({ strategic: "2,A", merge: "3,", json: "4," }[type]);
    expect(await fieldOf("deployment web", ".spec.template.spec.containers[0].image")).toBe("nginx:1.27");
  });

  test("subresources are patched apart from the object", async () => {
    await fresh();
    const scale = [
      "patch",
      "deployment",
      "web",
      "--subresource=scale",
      "--type=merge",
      "-p",
      '{"spec":{"replicas":1}}',
    ];
    expect((await kubectl(scale)).stdout).toBe("scale.autoscaling/web patched\n");
    expect(await fieldOf("deployment web", ".spec.replicas")).toBe("1");
    const patch = '{"spec":{"replicas":9},"status":{"conditions":[{"type":"Seen","status":"True"}]}}';
    await kubectl(["patch", "deployment", "web", "--subresource=status", "-p", patch]);
    expect(await fieldOf("deployment web", ".spec.replicas")).toBe("1");
  });

  test.each([
    [
      "--type=json",
      '[{"op":"test","path":"/spec/replicas","value":9}]',
      "The request is invalid: the server rejected our request due to an error in our request\n",
    ],
    [
      "--type=strategic",
      '{"spec":{"replicas":"x"}}',
      'The request is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32\n',
    ],
    [
      "--type=merge",
      '{"spec":{"selector":{"matchLabels":{"x":"y"}}}}',
      [
        'The Deployment "web" is invalid: ',
        '* spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
        '* spec.selector: Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable',
        "",
      ].join("\n"),
    ],
  ])("a patch that cannot be: %s %s", async (type, patch, message) => {
    await fresh();
    expect((await kubectl(["patch", "deployment", "web", type, "-p", patch], { expectFailure: true })).stderr).toBe(
      message,
    );
  });

  test("what is immutable stays", async () => {
    await fresh();
    const ip = ["patch", "service", "web", "-p", '{"spec":{"clusterIP":"10.100.9.9"}}'];
    expect((await kubectl(ip, { expectFailure: true })).stderr).toBe(
      'The Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.100.9.9"]: may not change once set\n',
    );
    await kubectl("create configmap fixed --from-literal=a=1");
    await kubectl(["patch", "configmap", "fixed", "-p", '{"immutable":true}']);
    const data = ["patch", "configmap", "fixed", "-p", '{"data":{"a":"2"}}'];
    expect((await kubectl(data, { expectFailure: true })).stderr).toBe(
      'The ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set\n',
    );
  });

  test("labels are added, kept unless overwritten, and removed", async () => {
    await fresh();
    expect((await kubectl("label deployment web tier=front")).stdout).toBe("deployment.apps/web labeled\n");
    expect((await kubectl("label deployment web tier=back", { expectFailure: true })).stderr).toBe(
      "error: 'tier' already has a value (front), and --overwrite is false\n",
    );
    await kubectl("label deployment web tier=back --overwrite");
    expect((await kubectl("get deployments -l tier=back -o name")).stdout).toBe("deployment.apps/web\n");
    expect((await kubectl("label deployment web tier-")).stdout).toBe("deployment.apps/web unlabeled\n");
    expect((await kubectl("get deployments -l tier -o name")).stdout).toBe("");
  });

  test("annotations likewise", async () => {
    await fresh();
    expect((await kubectl("annotate deployment web note=1")).stdout).toBe("deployment.apps/web annotated\n");
    expect((await kubectl("annotate deployment web note=2", { expectFailure: true })).stderr).toContain(
      "'note' already has a value (1)",
    );
    await kubectl("annotate deployment web note=2 --overwrite");
    expect(await fieldOf("deployment web", ".metadata.annotations.note")).toBe("2");
    await kubectl("annotate deployment web note-");
    expect(await fieldOf("deployment web", ".metadata.annotations.note")).toBe("");
  });

  test("set image, resources, env, selector and serviceaccount", async () => {
    await fresh();
    const said = async (command: string) => (await kubectl(command)).stdout;
    expect(await said("set image deployment/web web=nginx:1.28")).toBe("deployment.apps/web image updated\n");
    expect(await said("set resources deployment web --requests=cpu=50m --limits=cpu=200m")).toBe(
      "deployment.apps/web resource requirements updated\n",
    );
    expect(await said("set env deployment/web A=1 B=2")).toBe("deployment.apps/web env updated\n");
    expect(await said("set env deployment/web --list")).toBe("# Deployment web, container web\nA=1\nB=2\n");
    expect(await said("set env deployment/web A-")).toBe("deployment.apps/web env updated\n");
    expect(await said("set serviceaccount deployment web default")).toBe(
      "deployment.apps/web serviceaccount updated\n",
    );
    expect(await said("set selector service web app=other")).toBe("service/web selector updated\n");
    const container = JSON.parse(await fieldOf("deployment web", ".spec.template.spec.containers[0]")) as object;
    expect(container).toMatchObject({
      image: "nginx:1.28",
      env: [{ name: "B", value: "2" }],
      resources: { limits: { cpu: "200m" }, requests: { cpu: "50m", memory: "64Mi" } },
    });
    expect(await fieldOf("service web", ".spec.selector.app")).toBe("other");
    expect((await kubectl("set image deployment/web nope=x", { expectFailure: true })).stderr).toBe(
      'error: unable to find container named "nope"\n',
    );
  });

  test("a pod is resized in place", async () => {
    await apply(`
apiVersion: v1
kind: Pod
metadata: {name: sized}
spec:
  containers:
  - {name: c, image: nginx, resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 128Mi}}}
`);
    await kubectl("wait --for=condition=Ready pod/sized");
    const resize = (resources: object) => [
      ...["patch", "pod", "sized", "--subresource=resize", "-p"],
      JSON.stringify({ spec: { containers: [{ name: "c", resources }] } }),
    ];
    expect((await kubectl(resize({ requests: { cpu: "150m" }, limits: { cpu: "300m" } }))).stdout).toBe(
      "pod/sized patched\n",
    );
    await kubectl("wait pod/sized --for=jsonpath={.status.containerStatuses[0].resources.requests.cpu}=150m");
    const [status] = JSON.parse(await fieldOf("pod sized", ".status.containerStatuses")) as object[];
    expect(status).toMatchObject({
      restartCount: 0,
      allocatedResources: { cpu: "150m", memory: "64Mi" },
      resources: { limits: { cpu: "300m", memory: "128Mi" }, requests: { cpu: "150m", memory: "64Mi" } },
    });
    await kubectl(resize({ requests: { cpu: "90" }, limits: { cpu: "90" } }));
    await eventually("get pod sized -o jsonpath={.status.conditions}", /"reason":"Infeasible".*"PodResizePending"/);
    const direct = ["patch", "pod", "sized", "-p", resize({ requests: { cpu: "1m" } }).at(-1) as string];
    expect((await kubectl(direct, { expectFailure: true })).stderr).toContain(
      "spec: Forbidden: pod updates may not change fields other than",
    );
  });
});

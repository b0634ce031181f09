import { expect, test } from "vitest";
import { web } from "./change.fixture.ts";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl run, attach, wait and delete", ({ kubectl, apply, eventually }) => {
  const said = async (command: string) => (await kubectl(command)).stdout;
  const refused = async (command: string) => (await kubectl(command, { expectFailure: true })).stderr;

  test("run makes a pod, and with --expose a Service before it", async () => {
    expect(await said("run shown --image=nginx --port=80 --labels=a=b --expose")).toBe(
      "service/shown created\npod/shown created\n",
    );
    expect(await said("wait --for=condition=Ready pod/shown")).toBe("pod/shown condition met\n");
    expect(await said("get service shown -o jsonpath={.spec.selector}")).toBe('{"a":"b"}');
    await kubectl("delete pod,service -l a=b");
  });

  test("a load generator at a terminal streams its output; Ctrl-C ends it, and --rm deletes its pod", async () => {
    await kubectl("create deployment php-apache --image=registry.k8s.io/hpa-example --port=80");
    await kubectl("expose deployment php-apache --port=80");
    await kubectl("rollout status deployment php-apache");
    const script = "while sleep 0.01; do wget -q -O- http://php-apache; done";
    const run = ["run", "-i", "--tty", "load-generator", "--rm", "--image=busybox:1.28", "--restart=Never"];
    const { stdout } = await kubectl([...run, "--", "/bin/sh", "-c", script], {
      terminal: { after: /(OK!){20}/, types: "\u0003" },
      expectFailure: true,
    });
    expect(stdout).toMatch(/OK!\^C/);
    expect(stdout).toMatch(/pod "load-generator" deleted/);
    expect(stdout).toMatch(/pod default\/load-generator terminated \(Error\)/);
    expect(await refused("get pod load-generator")).toContain('pods "load-generator" not found');
  });

  test("a shell at a terminal stays until exit is typed", async () => {
    const { stdout } = await kubectl("run -i --tty shell --rm --image=busybox --restart=Never -- sh", {
      terminal: { after: /press(ing)? enter/, types: "exit\r" },
    });
    expect(stdout).toMatch(/pod "shell" deleted/);
  });

  test("attach and exec answer for running containers only", async () => {
    await kubectl("run done --image=busybox --restart=Never -- sh -c 'echo hello'");
    await kubectl("wait --for=jsonpath={.status.phase}=Succeeded pod/done");
    expect(await said("logs done")).toBe("hello\n");
    expect(await refused("attach done")).toContain("in a completed pod; current phase is Succeeded");
    await kubectl("run alive --image=nginx --env=COLOR=red");
    await kubectl("wait --for=condition=Ready pod/alive");
    expect(await said("exec alive -- hostname")).toBe("alive\n");
    const bySpdy = await kubectl("exec -i alive -- hostname", { env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false" } });
    expect(bySpdy.stdout).toBe("alive\n");
    expect(await said("exec alive -- env")).toContain("COLOR=red\n");
    expect(await refused("exec alive -- nope")).toContain('exec: "nope": executable file not found in $PATH');
    expect(await refused("exec alive -c other -- hostname")).toContain("container other is not valid for pod alive");
    const copy = await kubectl("cp alive:/etc/hosts hosts", { expectFailure: true });
    expect(copy.stdout + copy.stderr).toContain('exec: "tar": executable file not found in $PATH');
    await kubectl("delete pod done alive");
  });

  test("wait tells what it waited for in vain", async () => {
    await kubectl("run waited --image=nginx");
    await kubectl("wait --for=create pod/waited");
    await kubectl("wait --for=jsonpath={.status.phase}=Running pod/waited");
    const inVain = "error: timed out waiting for the condition on pods/waited\n";
    expect(await refused("wait --for=jsonpath={.status.phase}=Failed pod/waited --timeout=2s")).toContain(inVain);
    expect(await refused("wait --for=delete pod/waited --timeout=2s")).toContain(inVain);
    expect(await said("delete pod waited --wait=false")).toMatch(/^pod "waited" deleted/);
    await kubectl("wait --for=delete pod/waited");
    expect(await refused("wait --for=condition=Ready pod/waited")).toContain('pods "waited" not found');
  });

  test("delete by name, by force, by label and all", async () => {
    await kubectl("run gone --image=nginx --labels=x=y");
    const forced = await kubectl("delete pod gone --grace-period=0 --force");
    expect(forced.stderr).toContain("Immediate deletion does not wait for confirmation");
    expect(forced.stdout).toMatch(/^pod "gone" force deleted/);
    expect(await refused("delete pod gone")).toBe('Error from server (NotFound): pods "gone" not found\n');
    expect((await kubectl("delete pods -l x=y")).stdout).toBe("No resources found\n");
  });

  test("orphans stay, dependents go first or later", async () => {
    await apply(web());
    await kubectl("rollout status deployment web");
    await kubectl("delete deployment web --cascade=orphan");
    await eventually("get replicasets -l app=web -o jsonpath={.items[*].metadata.ownerReferences}", /^$/);
    expect(await said("get pods -l app=web -o name")).toMatch(/^(pod\/web-\S+\n){2}$/);
    await kubectl("delete replicasets -l app=web --cascade=foreground");
    expect(await said("get pods -l app=web --ignore-not-found -o name")).toBe("");
    await apply(web());
    await kubectl("rollout status deployment web");
    await kubectl("delete deployment web --cascade=background");
    await eventually("get replicasets,pods -l app=web -o name", /^$/);
  });

  test("after everything was deleted, the Service kubernetes comes back", async () => {
    await apply(web());
    const uid = await said("get service kubernetes -o jsonpath={.metadata.uid}");
    const { stdout } = await kubectl("delete deploy,svc,hpa,pod --all");
    expect(stdout).toMatch(/^deployment.apps "web" deleted/m);
    expect(stdout).toMatch(/^service "kubernetes" deleted/m);
    await eventually("get pods -o name", /^$/);
    await eventually("get services --no-headers", /^kubernetes +ClusterIP +10\.100\.0\.1 +<none> +443\/TCP /);
    expect(await said("get service kubernetes -o jsonpath={.metadata.uid}")).not.toBe(uid);
  });

  test("a namespace is deleted with what is in it", async () => {
    await kubectl("create namespace full");
    await kubectl("create deployment inner --image=nginx -n full");
    await kubectl("rollout status deployment inner -n full");
    expect(await said("delete namespace full")).toMatch(/^namespace "full" deleted\n/);
    expect(await refused("get namespace full")).toContain('namespaces "full" not found');
    expect((await kubectl("get pods -n full")).stderr).toContain("No resources found in full namespace.");
  });
});

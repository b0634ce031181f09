import { expect, test } from "vitest";
import { web } from "./change.fixture.ts";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl apply, create and replace", ({ kubectl, apply, file }) => {
  const settings = (value: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {level: "${value}"}
`;
  const fieldOf = async (resource: string, path: string, flags = "") =>
    (await kubectl(`get ${resource} ${flags} -o jsonpath={${path}}`)).stdout;

  test("apply creates, leaves what is the same, and configures what is not", async () => {
    const both = `${settings("1")}---${web()}`;
    expect((await apply(both)).stdout).toBe(
      "configmap/settings created\ndeployment.apps/web created\nservice/web created\n",
    );
    expect((await apply(both)).stdout).toBe(
      "configmap/settings unchanged\ndeployment.apps/web unchanged\nservice/web unchanged\n",
    );
    expect((await apply(settings("2"))).stdout).toBe("configmap/settings configured\n");
    expect(await fieldOf("cm settings", ".data.level")).toBe("2");
  });

  test("a dry run says what it would do and does nothing", async () => {
    await apply(web());
    const client = await kubectl("apply -f - --dry-run=client", { stdin: web(3) });
    expect(client.stdout).toContain("deployment.apps/web configured (dry run)\n");
    const server = await kubectl("apply -f - --dry-run=server", { stdin: web(3) });
    expect(server.stdout).toBe(
      "deployment.apps/web configured (server dry run)\nservice/web unchanged (server dry run)\n",
    );
    const fresh = await kubectl("create deployment dry --image=nginx --dry-run=server");
    expect(fresh.stdout).toBe("deployment.apps/dry created (server dry run)\n");
    await kubectl("get deployment dry", { expectFailure: true });
    expect(await fieldOf("deployment web", ".spec.replicas")).toBe("2");
  });

  test("diff shows what would change and ends with 1", async () => {
    await apply(web());
    const { stdout, code } = await kubectl("diff -f -", { stdin: web(3), expectFailure: true });
    expect(stdout).toMatch(/^- {2}replicas: 2$/m);
    expect(stdout).toMatch(/^\+ {2}replicas: 3$/m);
    expect(code).toBe(1);
  });

  test("server-side apply keeps to its fields: another manager's are a conflict, unless forced", async () => {
    await kubectl("create namespace shared");
    const as = (manager: string, replicas: number, more = "") =>
      `apply --server-side -n shared --field-manager=${manager} ${more} -f ${file("web.yaml", web(replicas))}`;
    expect((await kubectl(as("one", 2))).stdout).toBe(
      "deployment.apps/web serverside-applied\nservice/web serverside-applied\n",
    );
    const { stderr } = await kubectl(as("two", 3), { expectFailure: true });
    expect(stderr).toContain('Apply failed with 1 conflict: conflict with "one": .spec.replicas\n');
    expect(stderr).toContain("re-run the apply\n  command with the `--force-conflicts` flag.");
    await kubectl(as("two", 3, "--force-conflicts"));
    expect(await fieldOf("deployment web -n shared", ".spec.replicas")).toBe("3");
    expect(await fieldOf("deployment web -n shared", ".metadata.managedFields[*].manager")).toMatch(/\bone\b.*\btwo\b/);
  });

  test("creating what is there already is refused", async () => {
    await apply(settings("1"));
    const path = file("settings.yaml", settings("1"));
    const { stderr } = await kubectl(`create -f ${path}`, { expectFailure: true });
    expect(stderr).toBe(
      `Error from server (AlreadyExists): error when creating "${path}": configmaps "settings" already exists\n`,
    );
  });

  test.each([
    ["configmap one --from-literal=a=1", "configmap/one"],
    ["secret generic one --from-literal=user=me", "secret/one"],
    ["secret docker-registry registry --docker-server=r --docker-username=u --docker-password=p", "secret/registry"],
    ["deployment made --image=nginx --replicas=2 --port=80", "deployment.apps/made"],
    ["job once --image=busybox -- true", "job.batch/once"],
    ["cronjob often --image=busybox --schedule='*/5 * * * *' -- date", "cronjob.batch/often"],
    ["namespace made", "namespace/made"],
    ["service clusterip inner --tcp=80:8080", "service/inner"],
    ["service nodeport outer --tcp=80:8080 --node-port=30080", "service/outer"],
    ["service loadbalancer balanced --tcp=80", "service/balanced"],
    ["service externalname alias --external-name=example.com", "service/alias"],
    ["quota few --hard=pods=50,requests.cpu=10", "resourcequota/few"],
    ["role reader --verb=get,list --resource=pods,deployments.apps", "role.rbac.authorization.k8s.io/reader"],
    ["rolebinding reader --role=reader --serviceaccount=default:robot", "rolebinding.rbac.authorization.k8s.io/reader"],
    ["clusterrole nodes --verb=get --resource=nodes", "clusterrole.rbac.authorization.k8s.io/nodes"],
    ["clusterrolebinding n --clusterrole=nodes --user=jane", "clusterrolebinding.rbac.authorization.k8s.io/n"],
    ["serviceaccount robot", "serviceaccount/robot"],
    ["poddisruptionbudget most --selector=app=made --min-available=1", "poddisruptionbudget.policy/most"],
    ["priorityclass high --value=1000 --description=first", "priorityclass.scheduling.k8s.io/high"],
    ["ingress door --rule=example.com/*=inner:80", "ingress.networking.k8s.io/door"],
  ])("create %s", async (command, name) => {
    expect((await kubectl(`create ${command}`)).stdout).toBe(`${name} created\n`);
    expect((await kubectl(`get ${name} -o name`)).stdout.trim()).toBe(name);
  });

  test("a token is that of its service account", async () => {
    await kubectl("create serviceaccount teller");
    const token = (await kubectl("create token teller")).stdout.trim();
    const whoami = await kubectl(`auth whoami --token=${token} -o jsonpath={.status.userInfo.username}`);
    expect(whoami.stdout).toBe("system:serviceaccount:default:teller");
    const { stderr } = await kubectl("create token nobody", { expectFailure: true });
    expect(stderr).toBe('error: failed to create token: serviceaccounts "nobody" not found\n');
  });

  test("a bad schedule is told", async () => {
    const { stderr } = await kubectl("create cronjob bad --image=busybox --schedule=hello", { expectFailure: true });
    expect(stderr).toBe(
      'error: failed to create cronjob: CronJob.batch "bad" is invalid: spec.schedule: Invalid value: "hello": expected exactly 5 fields, found 1: [hello]\n',
    );
  });

  test("replace with an old resourceVersion is a conflict; without one it is not", async () => {
    await apply(settings("1"));
    const old = file("old.yaml", (await kubectl("get cm settings -o yaml")).stdout);
    await kubectl("annotate cm settings seen=yes");
    const { stderr } = await kubectl(`replace -f ${old}`, { expectFailure: true });
    expect(stderr).toContain(
      'Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect((await kubectl("replace -f -", { stdin: settings("3") })).stdout).toBe("configmap/settings replaced\n");
  });

  test("replace --force deletes and creates anew", async () => {
    await apply(web());
    const uid = await fieldOf("deployment web", ".metadata.uid");
    const path = file("forced.yaml", web());
    const { stdout } = await kubectl(`replace --force -f ${path}`);
    expect(stdout).toMatch(/deployment.apps "web" deleted/);
    expect(stdout).toContain("deployment.apps/web replaced\nservice/web replaced\n");
    expect(await fieldOf("deployment web", ".metadata.uid")).not.toBe(uid);
  });
});

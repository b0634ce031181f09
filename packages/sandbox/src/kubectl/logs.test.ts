import { beforeAll, expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";
import { shop } from "./shop.fixture.ts";

const failing = `
apiVersion: v1
kind: Pod
metadata:
  name: failing
  namespace: shop
spec:
  containers:
  - name: main
    image: busybox:1.36
    command: [sh, -c, "echo cannot start; exit 1"]
`;

describeKubectl("kubectl logs", ({ kubectl, apply, eventually }) => {
  let pod = "";
  beforeAll(async () => {
    await apply(`${shop}---${failing}`);
    await kubectl("-n shop wait --for=condition=Available deployment/web --timeout=2m");
    pod = (await kubectl("get pods -n shop -l app=web -o jsonpath={.items[0].metadata.name}")).stdout;
    await eventually(`logs -n shop ${pod} -c ticker`, /(tick\n){4}/);
  });

  it("follows the log of a container until it ends", async () => {
    await kubectl([
      "run",
      "counter",
      "-n",
      "shop",
      "--image=busybox:1.36",
      "--restart=Never",
      "--",
      "sh",
      "-c",
      "for i in $(seq 3); do echo number $i; sleep 20; done",
    ]);
    // On a slow machine it may be over already.
    await eventually("get pod counter -n shop", /Running|Completed/);
    const { stdout } = await kubectl("logs -f counter -n shop");
    expect(stdout).toBe("number 1\nnumber 2\nnumber 3\n");
    expect((await kubectl("get pod counter -n shop -o jsonpath={.status.phase}")).stdout).toBe("Succeeded");
  });

  it("prints the log of the pods of a workload", async () => {
    await kubectl("-n shop wait --for=condition=Complete job/report --timeout=2m");
    expect((await kubectl("logs job/report -n shop")).stdout).toBe("begin\ndone\n");
    const { stdout, stderr } = await kubectl("logs deployment/web -n shop -c ticker --tail=1");
    expect(stdout).toBe("tick\n");
    expect(stderr).toMatch(/^Found 3 pods, using pod\/web-/);
  });

  it("says which container it takes of several", async () => {
    const { stderr } = await kubectl(`logs ${pod} -n shop`);
    expect(stderr).toBe('Defaulted container "nginx" out of: nginx, ticker\n');
  });

  it("prints the last lines, a number of bytes, what is newer than a time", async () => {
    const log = async (options: string) => (await kubectl(`logs ${pod} -n shop -c ticker ${options}`)).stdout;
    expect(await log("--tail=2")).toBe("tick\ntick\n");
    expect(await log("--tail=0")).toBe("");
    expect(await log("--limit-bytes=7")).toBe("tick\nti");
    expect(await log("--since=7s")).toMatch(/^(tick\n){1,2}$/);
    expect(await log("--since-time=2100-01-01T00:00:00Z")).toBe("");
  });

  it("prints when each line was written", async () => {
    const { stdout } = await kubectl(`logs ${pod} -n shop -c ticker --timestamps --tail=2`);
    const [first = 0, second = 0] = stdout
      .trim()
      .split("\n")
      .map((line) => Date.parse(line.split(" ")[0] ?? ""));
    expect(stdout).toMatch(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z tick\n){2}$/);
    expect(second - first).toBe(5000);
  });

  it("prints the logs of all pods and containers that a selector selects", async () => {
    const { stdout } = await kubectl("logs -n shop -l app=web --all-containers --prefix --tail=1");
    expect(stdout.match(/^\[pod\/web-\w+-\w+\/ticker\] tick$/gm)).toHaveLength(3);
    const pods = await kubectl("logs -n shop deployment/web --all-pods -c ticker --tail=1");
    expect(pods.stdout.match(/^\[pod\/web-\w+-\w+\/ticker\] tick$/gm)).toHaveLength(3);
  });

  it("follows several pods at once", async () => {
    const names = (await kubectl("get pods -n shop -l app=web -o jsonpath={.items[*].metadata.name}")).stdout.split(
      " ",
    );
    expect(names).toHaveLength(3);
    // Each of them writes a second line while it is followed.
    const twice = names.map((name) => `(?=(?:[^]*\\[pod/${name}/ticker\\] tick\n){2})`).join("");
    await kubectl("logs -n shop -l app=web -c ticker -f --prefix --tail=1", { until: new RegExp(`^${twice}`) });
  });

  it("prints the log of the container before the present one", async () => {
    await eventually("get pod failing -n shop -o jsonpath={.status.containerStatuses[0].restartCount}", /^[1-9]/);
    expect((await kubectl("logs failing -n shop --previous")).stdout).toBe("cannot start\n");
    const { stderr } = await kubectl(`logs ${pod} -n shop -c nginx -p`, { expectFailure: true });
    expect(stderr).toBe(
      `Error from server (BadRequest): previous terminated container "nginx" in pod "${pod}" not found\n`,
    );
  });

  it("refuses what cannot be read", async () => {
    const refused = async (command: string) => (await kubectl(command, { expectFailure: true })).stderr;
    expect(await refused(`logs ${pod} -n shop -c none`)).toBe(`error: container none is not valid for pod ${pod}\n`);
    expect(await refused("logs none -n shop")).toBe(
      'error: error from server (NotFound): pods "none" not found in namespace "shop"\n',
    );
    await kubectl(
      'run waiting -n shop --image=nginx --overrides={"spec":{"nodeName":"","nodeSelector":{"no":"where"}}}'.split(" "),
    );
    expect((await kubectl("logs waiting -n shop", { expectFailure: false })).stdout).toBe("");
  });
});

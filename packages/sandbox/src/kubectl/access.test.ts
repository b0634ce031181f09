import { expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl auth", ({ kubectl }) => {
  const answers = async (question: string, answer: "yes" | "no") => {
    const { stdout } = await kubectl(`auth can-i ${question}`, { expectFailure: answer === "no" });
    expect(`${question}: ${stdout}`).toBe(`${question}: ${answer}\n`);
  };

  it("says what one may do, and what others may", async () => {
    await answers("create pods", "yes");
    await answers("delete deployments.apps/web --subresource=scale -n kube-system", "yes");
    await answers("get /metrics", "yes");
    await answers("create pods --as=jane", "no");
    await answers("get /metrics --as=jane", "no");
    await answers("get /healthz --as=jane", "yes");
    await answers("* * --as=jane --as-group=system:masters", "yes");
    await answers("list secrets --as=system:serviceaccount:default:default -A", "no");
  });

  it("follows roles and their bindings", async () => {
    await kubectl("create role reader --verb=get,list --resource=pods,deployments.apps");
    await kubectl("create rolebinding readers --role=reader --user=jane --serviceaccount=default:reader");
    await answers("list pods --as=jane", "yes");
    await answers("list deployments.apps --as=system:serviceaccount:default:reader", "yes");
    await answers("list pods --as=jane -n kube-system", "no");
    await answers("delete pods --as=jane", "no");
    expect((await kubectl("get pods --as=jane")).stderr).toBe("No resources found in default namespace.\n");
    await kubectl("create clusterrolebinding viewers --clusterrole=view --group=devs");
    await answers("get configmaps -n kube-system --as=joe --as-group=devs", "yes");
    await answers("get secrets -n kube-system --as=joe --as-group=devs", "no");
  });

  it("lists what one may do", async () => {
    expect((await kubectl("auth can-i --list")).stdout).toMatch(
      /^Resources +Non-Resource URLs +Resource Names +Verbs\n\*\.\* +\[\] +\[\] +\[\*\]\n/,
    );
    const { stdout } = await kubectl("auth can-i --list --as=jim");
    expect(stdout).toMatch(/^selfsubjectaccessreviews\.authorization\.k8s\.io +\[\] +\[\] +\[create\]$/m);
    expect(stdout).not.toContain("*.*");
  });

  it("warns of questions about nothing", async () => {
    expect((await kubectl("auth can-i get foos")).stderr).toBe(
      "Warning: the server doesn't have a resource type 'foos'\n\n",
    );
    expect((await kubectl("auth can-i foo pods")).stderr).toBe("Warning: verb 'foo' is not a known verb\n\n");
    expect((await kubectl("auth can-i get nodes")).stderr).toBe(
      "Warning: resource 'nodes' is not namespace scoped\n\n",
    );
  });

  it("says who one is", async () => {
    expect((await kubectl("auth whoami")).stdout).toMatch(
      /^ATTRIBUTE +VALUE\nUsername +kubernetes-admin\nGroups +\[.*system:authenticated\]\n/,
    );
    expect((await kubectl("auth whoami --as=jane --as-group=devs")).stdout).toMatch(
      /^Username +jane\nGroups +\[devs system:authenticated\]$/m,
    );
    expect(JSON.parse((await kubectl("auth whoami -o json")).stdout)).toMatchObject({
      kind: "SelfSubjectReview",
      status: { userInfo: { username: "kubernetes-admin" } },
    });
  });

  it("lets a service account in by its token", async () => {
    await kubectl("create serviceaccount robot");
    const token = (await kubectl("create token robot --duration=1h")).stdout.trim();
    expect((await kubectl(`auth whoami --token=${token}`)).stdout).toMatch(
      /^Username +system:serviceaccount:default:robot$/m,
    );
    const { stderr } = await kubectl(`get pods --token=${token}`, { expectFailure: true });
    expect(stderr).toBe(
      'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:robot" cannot list resource "pods" in API group "" in the namespace "default"\n',
    );
  });
});

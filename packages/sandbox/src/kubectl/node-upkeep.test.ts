import { expect, test } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl cordon, drain and taint", ({ kubectl, eventually }) => {
  const said = async (command: string) => (await kubectl(command)).stdout;
  const refused = async (command: string) => (await kubectl(command, { expectFailure: true })).stderr;
  const nodes = async () => (await said("get nodes -o jsonpath={.items[*].metadata.name}")).split(" ");
  const pinned = (name: string, node: string) => [
    ...["run", name, "--image=nginx"],
    `--overrides=${JSON.stringify({ spec: { nodeName: node } })}`,
  ];

  test("cordon and uncordon", async () => {
    const [node = ""] = await nodes();
    expect(await said(`cordon ${node}`)).toBe(`node/${node} cordoned\n`);
    expect(await said(`cordon ${node}`)).toBe(`node/${node} already cordoned\n`);
    expect(await said(`get node ${node} --no-headers`)).toMatch(/ Ready,SchedulingDisabled /);
    expect(await said(`uncordon ${node}`)).toBe(`node/${node} uncordoned\n`);
    expect(await said(`uncordon ${node}`)).toBe(`node/${node} already uncordoned\n`);
  });

  test("a drain waits for a disruption budget, and then passes", async () => {
    const [node = "", ...others] = await nodes();
    await kubectl(`cordon ${others.join(" ")}`);
    await kubectl("create deployment guarded --image=nginx --replicas=2");
    await kubectl("create poddisruptionbudget guarded --selector=app=guarded --min-available=2");
    await kubectl("rollout status deployment guarded");
    await kubectl("wait pdb guarded --for=jsonpath={.status.currentHealthy}=2");
    await kubectl(`uncordon ${others.join(" ")}`);

    expect(await refused(`drain ${node}`)).toContain(
      "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): kube-system/aws-node-",
    );
    // It would go on for ever.
    await kubectl(`drain ${node} --ignore-daemonsets`, {
      until:
        /error when evicting pods\/"guarded-\S+" -n "default" \(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget\.\n/,
    });
    const patch = ["patch", "pdb", "guarded", "-p", '{"spec":{"minAvailable":0}}'];
    await kubectl(patch);
    await kubectl("wait pdb guarded --for=jsonpath={.status.disruptionsAllowed}=2");
    const drained = await said(`drain ${node} --ignore-daemonsets`);
    expect(drained).toMatch(/^evicting pod default\/guarded-/m);
    expect(drained).toMatch(/^pod\/guarded-\S+ evicted\n/m);
    expect(drained).toMatch(new RegExp(`^node/${node} drained\n$`, "m"));
    await kubectl("rollout status deployment guarded");
    expect(await said("get pods -l app=guarded -o jsonpath={.items[*].spec.nodeName}")).not.toContain(node);
    await kubectl(`uncordon ${node}`);
  });

  test("a pod without a controller is drained only by force", async () => {
    const [node = ""] = await nodes();
    await kubectl(pinned("naked", node));
    await kubectl("wait --for=condition=Ready pod/naked");
    expect(await refused(`drain ${node} --ignore-daemonsets`)).toContain(
      "cannot delete Pods that declare no controller (use --force to override): default/naked\n",
    );
    expect(await said(`drain ${node} --ignore-daemonsets --force`)).toContain("pod/naked evicted\n");
    await kubectl(`uncordon ${node}`);
  });

  test("taints are added, replaced and removed", async () => {
    const [node = ""] = await nodes();
    expect(await said(`taint node ${node} team=a:NoSchedule`)).toBe(`node/${node} tainted\n`);
    expect(await refused(`taint node ${node} team=b:NoSchedule`)).toBe(
      `error: node ${node} already has team taint(s) with same effect(s) and --overwrite is false\n`,
    );
    expect(await said(`taint node ${node} team=b:NoSchedule --overwrite`)).toBe(`node/${node} modified\n`);
    expect(await said(`get node ${node} -o jsonpath={.spec.taints}`)).toBe(
      '[{"effect":"NoSchedule","key":"team","value":"b"}]',
    );
    expect(await said(`taint node ${node} team:NoSchedule-`)).toBe(`node/${node} untainted\n`);
    expect(await refused(`taint node ${node} team:NoSchedule-`)).toBe('error: taint "team:NoSchedule" not found\n');
  });

  test("NoExecute evicts what does not tolerate it", async () => {
    const [node = ""] = await nodes();
    await kubectl(pinned("brief", node));
    await kubectl("wait --for=condition=Ready pod/brief");
    await kubectl(`taint node ${node} gone=yes:NoExecute`);
    await kubectl("wait --for=delete pod/brief");
    await eventually(
      "get events --field-selector reason=TaintManagerEviction",
      /Marking for deletion Pod default\/brief/,
    );
    await kubectl(`taint node ${node} gone-`);
  });
});

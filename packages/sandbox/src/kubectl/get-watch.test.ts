import { beforeAll, expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";

describeKubectl("kubectl get --watch", ({ kubectl }) => {
  beforeAll(async () => {
    await kubectl("create configmap first --from-literal=a=1");
  });

  /** What a watch prints until its output matches, while changes go on: there is no telling when it has begun. */
  async function watched(command: string, until: RegExp, change: (round: number) => Promise<unknown>): Promise<string> {
    let over = false;
    const watching = kubectl(command, { until }).finally(() => {
      over = true;
    });
    // A watch that fails is reported by the last await.
    watching.catch(() => undefined);
    for (let round = 0; !over; round++) await change(round);
    return (await watching).stdout;
  }

  const createAndDelete = async () => {
    await kubectl("create configmap passing");
    await kubectl("delete configmap passing");
  };
  const annotate = (round: number) => kubectl(`annotate configmap first round=${round} --overwrite`);

  it("prints what there is, then each change", async () => {
    const stdout = await watched("get configmaps -w", /^passing.*\n(.*\n)*passing/m, createAndDelete);
    expect(stdout).toMatch(/^NAME +DATA +AGE\nfirst +1 /);
  });

  it("prints the kinds of the events", async () => {
    const command = "get configmaps --watch --output-watch-events";
    const stdout = await watched(command, /^DELETED +passing/m, createAndDelete);
    expect(stdout).toMatch(/^EVENT +NAME +DATA +AGE\nADDED +first +1 /);
    expect(stdout).toMatch(/^DELETED +passing +0 /m);
  });

  it("prints each change as JSON, one object after the other", async () => {
    const command = "get configmap first -w -o json --output-watch-events";
    const stdout = await watched(command, /"type": ?"MODIFIED"[^\n]*\n[\s\S]*\n/, annotate);
    expect(stdout).toMatch(/^\{\s*"type": ?"ADDED",\s*"object": ?\{/);
    expect(await watched("get configmap first -w -o yaml", /^---\n[\s\S]*round: /m, annotate)).toMatch(
      /^apiVersion: v1\n/,
    );
  });

  it("prints changes only", async () => {
    const stdout = await watched(
      "get configmap first --watch-only -o jsonpath={.metadata.annotations.round};",
      /\d;/,
      annotate,
    );
    expect(stdout).toMatch(/^\d+;/);
    const events = await watched("get configmaps --watch-only --output-watch-events", /passing/, createAndDelete);
    expect(events).not.toMatch(/ADDED +first/);
  });

  it("watches what a selector selects", async () => {
    await kubectl("create configmap chosen");
    const label = (round: number) => kubectl(`label configmap chosen chosen=${round % 2 ? "yes" : "no"} --overwrite`);
    const stdout = await watched(
      "get cm -l chosen=yes -w --output-watch-events -o name",
      /chosen\n(.*\n)*.*chosen/,
      label,
    );
    expect(stdout).not.toContain("first");
    const fields = "get cm -A --field-selector=metadata.name=passing -w --output-watch-events";
    expect(await watched(fields, /DELETED +default +passing/, createAndDelete)).not.toContain("first");
  });

  it("ends by itself after the time that it is given", async () => {
    const { stdout } = await kubectl("get configmaps -w --request-timeout=5s");
    expect(stdout).toMatch(/^NAME +DATA +AGE\n/);
  });
});

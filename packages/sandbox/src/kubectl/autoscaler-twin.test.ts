import { expect, test } from "vitest";
import { web } from "./change.fixture.ts";
import { describeKubectl } from "./kubectl.fixture.ts";

const twin = (name: string, spec = "") => `
apiVersion: autoscaling.bellows.dev/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 3
  maxReplicas: 5
${spec}`;

describeKubectl(
  "kubectl and the twin of HorizontalPodAutoscaler",
  ({ kubectl, apply, eventually }) => {
    test("its table has the columns of autoscaling/v2, and its Deployment the replicas", async () => {
      await apply(web());
      await apply(twin("web"));
      const lines = (await eventually("get bhpa", /web +Deployment\/web +cpu: \d+%\/80% +3 +5 +3 +\d/)).stdout.split(
        "\n",
      );
      expect(lines[0]?.split(/ {2,}/).map((title) => title.trim())).toEqual([
        "NAME",
        "REFERENCE",
        "TARGETS",
        "MINPODS",
        "MAXPODS",
        "REPLICAS",
        "AGE",
      ]);
      const long = await kubectl("get horizontalpodautoscaler.autoscaling.bellows.dev web -o jsonpath={.status}");
      expect(JSON.parse(long.stdout)).toMatchObject({ currentReplicas: 3, desiredReplicas: 3 });
      await eventually("get deployment web --no-headers", /^web +3\/3 +3 +3 /);
      expect((await kubectl("get hpa")).stderr).toContain("No resources found");
    });

    test("an autoscaler of autoscaling/v2 on the same target is left to it, and the twin says so", async () => {
      await kubectl("autoscale deployment web --name=upstream --min=4 --max=6");
      await eventually(
        "get bhpa web -o jsonpath={.status.conditions[*].message}",
        /controlled by multiple HPAs: \[default\/web default\/upstream \(autoscaling\/v2\)\]/,
      );
      await eventually("get deployment web --no-headers", /^web +4\/4 +4 +4 /);
      await kubectl("delete hpa upstream");
    });

    test("what autoscaling/v2 would refuse is refused, with the field", async () => {
      const refused = async (spec: string) =>
        (await kubectl("apply -f -", { stdin: twin("wrong", spec), expectFailure: true })).stderr;
      expect(
        await refused("  metrics: [{ type: Pods, resource: { name: cpu, target: { type: Value, value: 1 } } }]"),
      ).toMatch(/spec.metrics\[0\].*Pods and pods go together/s);
      expect(
        await refused(
          "  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 0 } } }]",
        ),
      ).toMatch(/averageUtilization.*greater than or equal to 1/);
    });

    test("none at all takes the feature gate", async () => {
      await apply(
        twin(
          "zero",
          "  metrics: [{ type: External, external: { metric: { name: q }, target: { type: Value, value: 1 } } }]",
        ).replace("minReplicas: 3", "minReplicas: 0"),
      );
      await eventually("get bhpa zero -o jsonpath={.status.conditions[*].reason}", /ScaleToZeroDisabled/);
    });
  },
  { controllers: ["hpa"] },
);

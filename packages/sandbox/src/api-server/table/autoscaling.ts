import type { HorizontalPodAutoscaler } from "@bellows/api";
import { convertBuiltin } from "../conversion/index.ts";
import { ageColumn, columnsFormat, firstOf, nameColumn, text } from "./columns.ts";

type Hpa = HorizontalPodAutoscaler;
type MetricSpec = NonNullable<NonNullable<Hpa["spec"]>["metrics"]>[number];
type MetricStatus = NonNullable<NonNullable<Hpa["status"]>["currentMetrics"]>[number];

export const horizontalPodAutoscalerFormat = columnsFormat<Hpa>([
  nameColumn,
  text("Reference", (o) => `${o.spec?.scaleTargetRef?.kind ?? ""}/${o.spec?.scaleTargetRef?.name ?? ""}`),
  text("Targets", (o) => {
    // Version 1 keeps most metrics in annotations; the rows of both versions read the same.
    const { spec, status } = o.apiVersion === "autoscaling/v1" ? convertBuiltin(o, "autoscaling/v2") : o;
    return targetsCell(spec?.metrics ?? [], status?.currentMetrics ?? []);
  }),
  text("MinPods", (o) => (o.spec?.minReplicas === undefined ? "<unset>" : String(o.spec.minReplicas))),
  text("MaxPods", (o) => o.spec?.maxReplicas ?? 0),
  text("Replicas", (o) => o.status?.currentReplicas ?? 0),
  ageColumn,
]);

/** `cpu: 40%/50%, 12/30 (avg) + 1 more...`: each metric's current value and its target, the status matched by place. */
export function targetsCell(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return "<none>";
  return firstOf(
    specs.map((spec, index) => targetCell(spec, statuses[index])),
    2,
    ", ",
  );
}

interface Reading {
  value?: string | undefined;
  averageValue?: string | undefined;
  averageUtilization?: number | undefined;
}

const unknown = "<unknown>";

function targetCell(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return valueCell(spec.external?.target ?? {}, status?.external?.current);
    case "Object":
      return valueCell(spec.object?.target ?? {}, status?.object?.current);
    case "Pods":
      return `${averageOf(status?.pods?.current)}/${spec.pods?.target.averageValue ?? "0"}`;
    case "Resource":
      return resourceCell(spec.resource?.name ?? "", spec.resource?.target ?? {}, status?.resource?.current);
    case "ContainerResource":
      return resourceCell(
        spec.containerResource?.name ?? "",
        spec.containerResource?.target ?? {},
        status?.containerResource?.current,
      );
    default:
      return "<unknown type>";
  }
}

const averageOf = (current: Reading | undefined) => (current ? (current.averageValue ?? "0") : unknown);

function valueCell(target: Reading, current: Reading | undefined): string {
  if (target.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current ? (current.value ?? "0") : unknown}/${target.value ?? "0"}`;
}

function resourceCell(name: string, target: Reading, current: Reading | undefined): string {
  if (target.averageValue !== undefined) return `${name}: ${averageOf(current)}/${target.averageValue}`;
  const used = current?.averageUtilization === undefined ? unknown : `${current.averageUtilization}%`;
  const wanted = target.averageUtilization === undefined ? "<auto>" : `${target.averageUtilization}%`;
  return `${name}: ${used}/${wanted}`;
}

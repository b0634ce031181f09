import type { MetricSpec, MetricStatus } from "./builtin/autoscaling-v2.generated.ts";

/** As many as kubectl shows. */
const shownMetrics = 2;

/** `cpu: 40%/50%, 12/30 (avg) + 1 more...`: each metric's current value and its target, the status matched by place. */
export function targetsCell(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return "<none>";
  const shown = specs.slice(0, shownMetrics).map((spec, index) => targetCell(spec, statuses[index]));
  const more = specs.length > shownMetrics ? ` + ${specs.length - shownMetrics} more...` : "";
  return `${shown.join(", ")}${more}`;
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

import { type HorizontalPodAutoscaler, targetsCell } from "@bellows/api";
import { convertBuiltin } from "../conversion/index.ts";
import { ageColumn, columnsFormat, nameColumn, text } from "./columns.ts";

type Hpa = HorizontalPodAutoscaler;

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

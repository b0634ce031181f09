import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodDisruptionBudget,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from "@bellows/api";
import { ageColumn, boolean, columnsFormat, integer, nameColumn, text, wide } from "./columns.ts";
import { ageOf, humanDuration } from "./human-duration.ts";
import { labelsCell, selectorCell, selectorText } from "./selector-cell.ts";

type Containers = readonly { name: string; image?: string }[] | undefined;
const names = (containers: Containers) => (containers ?? []).map(({ name }) => name).join(",");
const images = (containers: Containers) => (containers ?? []).map(({ image }) => image ?? "").join(",");

export const podTemplateFormat = columnsFormat<PodTemplate>([
  nameColumn,
  text("Containers", (o) => names(o.template?.spec?.containers)),
  text("Images", (o) => images(o.template?.spec?.containers)),
  text("Pod Labels", (o) => labelsCell(o.template?.metadata?.labels)),
]);

export const deploymentFormat = columnsFormat<Deployment>([
  nameColumn,
  text("Ready", (o) => `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`),
  text("Up-to-date", (o) => o.status?.updatedReplicas ?? 0),
  text("Available", (o) => o.status?.availableReplicas ?? 0),
  ageColumn,
  wide("Containers", (o) => names(o.spec?.template?.spec?.containers)),
  wide("Images", (o) => images(o.spec?.template?.spec?.containers)),
  wide("Selector", (o) => selectorText(o.spec?.selector)),
]);

export const replicaSetFormat = columnsFormat<ReplicaSet>([
  nameColumn,
  integer("Desired", (o) => o.spec?.replicas ?? 0),
  integer("Current", (o) => o.status?.replicas ?? 0),
  integer("Ready", (o) => o.status?.readyReplicas ?? 0),
  ageColumn,
  wide("Containers", (o) => names(o.spec?.template?.spec?.containers)),
  wide("Images", (o) => images(o.spec?.template?.spec?.containers)),
  wide("Selector", (o) => selectorCell(o.spec?.selector)),
]);

export const replicationControllerFormat = columnsFormat<ReplicationController>([
  nameColumn,
  integer("Desired", (o) => o.spec?.replicas ?? 0),
  integer("Current", (o) => o.status?.replicas ?? 0),
  integer("Ready", (o) => o.status?.readyReplicas ?? 0),
  ageColumn,
  wide("Containers", (o) => names(o.spec?.template?.spec?.containers)),
  wide("Images", (o) => images(o.spec?.template?.spec?.containers)),
  wide("Selector", (o) => labelsCell(o.spec?.selector)),
]);

export const statefulSetFormat = columnsFormat<StatefulSet>([
  nameColumn,
  text("Ready", (o) => `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`),
  ageColumn,
  wide("Containers", (o) => names(o.spec?.template?.spec?.containers)),
  wide("Images", (o) => images(o.spec?.template?.spec?.containers)),
]);

export const daemonSetFormat = columnsFormat<DaemonSet>([
  nameColumn,
  integer("Desired", (o) => o.status?.desiredNumberScheduled ?? 0),
  integer("Current", (o) => o.status?.currentNumberScheduled ?? 0),
  integer("Ready", (o) => o.status?.numberReady ?? 0),
  integer("Up-to-date", (o) => o.status?.updatedNumberScheduled ?? 0),
  integer("Available", (o) => o.status?.numberAvailable ?? 0),
  text("Node Selector", (o) => labelsCell(o.spec?.template?.spec?.nodeSelector)),
  ageColumn,
  wide("Containers", (o) => names(o.spec?.template?.spec?.containers)),
  wide("Images", (o) => images(o.spec?.template?.spec?.containers)),
  wide("Selector", (o) => selectorCell(o.spec?.selector)),
]);

export const jobFormat = columnsFormat<Job>([
  nameColumn,
  text("Status", jobStatus),
  text("Completions", jobCompletions),
  text("Duration", jobDuration),
  ageColumn,
  wide("Containers", (o) => names(o.spec?.template?.spec?.containers)),
  wide("Images", (o) => images(o.spec?.template?.spec?.containers)),
  wide("Selector", (o) => selectorCell(o.spec?.selector)),
]);

function jobStatus(job: Job): string {
  // The first condition of a type decides, as in Kubernetes' hasJobCondition.
  const has = (type: string) => job.status?.conditions?.find((c) => c.type === type)?.status === "True";
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (job.metadata.deletionTimestamp) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(has) ?? "Running";
}

function jobCompletions(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0;
  const completions = job.spec?.completions;
  if (completions !== undefined) return `${succeeded}/${completions}`;
  const parallelism = job.spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: Job, now: number): string {
  const { startTime, completionTime } = job.status ?? {};
  if (!startTime) return "";
  return humanDuration((completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime));
}

export const cronJobFormat = columnsFormat<CronJob>([
  nameColumn,
  text("Schedule", (o) => o.spec?.schedule ?? ""),
  text("Timezone", (o) => o.spec?.timeZone ?? "<none>"),
  boolean("Suspend", (o) => (o.spec?.suspend === undefined ? "<unset>" : o.spec.suspend ? "True" : "False")),
  integer("Active", (o) => o.status?.active?.length ?? 0),
  text("Last Schedule", (o, now) => (o.status?.lastScheduleTime ? ageOf(o.status.lastScheduleTime, now) : "<none>")),
  ageColumn,
  wide("Containers", (o) => names(o.spec?.jobTemplate?.spec?.template?.spec?.containers)),
  wide("Images", (o) => images(o.spec?.jobTemplate?.spec?.template?.spec?.containers)),
  wide("Selector", (o) => selectorCell(o.spec?.jobTemplate?.spec?.selector)),
]);

export const podDisruptionBudgetFormat = columnsFormat<PodDisruptionBudget>([
  nameColumn,
  text("Min Available", (o) => String(o.spec?.minAvailable ?? "N/A")),
  text("Max Unavailable", (o) => String(o.spec?.maxUnavailable ?? "N/A")),
  integer("Allowed Disruptions", (o) => o.status?.disruptionsAllowed ?? 0),
  ageColumn,
]);

export const controllerRevisionFormat = columnsFormat<ControllerRevision>([
  nameColumn,
  text("Controller", (o) => {
    const owner = o.metadata.ownerReferences?.find((reference) => reference.controller);
    if (!owner) return "<none>";
    const [group, version] = owner.apiVersion.split("/");
    const kind = version ? `${owner.kind}.${group}` : owner.kind;
    return `${kind.toLowerCase()}/${owner.name}`;
  }),
  text("Revision", (o) => o.revision),
  ageColumn,
]);

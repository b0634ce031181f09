import type { CronJob, Job, JobSpec } from "@bellows/api";
import { cronProblem } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123LabelProblems } from "./formats.ts";
import { validateSuccessPolicy } from "./job-success-policy.ts";
import { selects, validateLabelSelector } from "./label-selector.ts";
import { validateMetadataOfTemplate } from "./metadata.ts";
import { validatePodTemplate } from "./pod.ts";

const maxIndexedParallelism = 100_000;
/** A CronJob's Jobs are called after it with eleven characters more. */
const maxCronJobName = 52;

export function validateJob(errors: FieldErrors, job: Job): void {
  const spec = job.spec ?? { template: {} };
  validateJobSpec(errors, spec, "spec");
  validateJobSelector(errors, job, spec);
  const { completions, completionMode } = spec;
  if (completionMode === "Indexed" && completions !== undefined && completions > 0) {
    const hostname = `${job.metadata.name}-${completions - 1}`;
    if (dns1123LabelProblems(hostname).length)
      errors.invalid(
        "metadata.name",
        job.metadata.name,
        `will not able to create pod with invalid DNS label: ${hostname}`,
      );
  }
}

/** What the API server puts on the pods of a Job; the unprefixed ones are from before Kubernetes 1.27. */
const generatedLabels = (uid: string, name: string) => ({
  "batch.kubernetes.io/controller-uid": uid,
  "batch.kubernetes.io/job-name": name,
  "controller-uid": uid,
  "job-name": name,
});

/** Without a manual selector it is the one that the API server made from the Job's uid. */
function validateJobSelector(errors: FieldErrors, job: Job, spec: JobSpec): void {
  const { selector, template, manualSelector } = spec;
  if (
    !manualSelector &&
    selector &&
    job.metadata.uid &&
    !selects(selector, generatedLabels(job.metadata.uid, job.metadata.name))
  )
    errors.invalid("spec.selector", selector, "`selector` not auto-generated");
  if (!selector) errors.required("spec.selector");
  const usable = validateLabelSelector(errors, selector, "spec.selector");
  const labels = template?.metadata?.labels;
  if (usable && selector && !selects(selector, labels ?? {}))
    errors.invalid(
      "spec.template.metadata.labels",
      labels ? inOrder(labels) : null,
      "`selector` does not match template `labels`",
    );
}

/** As Go prints a map. */
const inOrder = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

/** What a Job and a CronJob's template have in common; the selector is the Job's own. */
function validateJobSpec(errors: FieldErrors, spec: JobSpec, path: string): void {
  for (const field of counts) errors.nonNegative(`${path}.${field}`, spec[field]);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.required(`${path}.backoffLimitPerIndex`, "when maxFailedIndexes is specified");
  validateCompletionMode(errors, spec, path);
  if (spec.podFailurePolicy) validatePodFailurePolicy(errors, spec, `${path}.podFailurePolicy.rules`);
  if (spec.successPolicy && spec.completionMode !== "Indexed")
    errors.invalid(`${path}.successPolicy`, successPolicyAsGo(spec.successPolicy), "requires indexed completion mode");
  else if (spec.successPolicy) validateSuccessPolicy(errors, spec, `${path}.successPolicy`);
  if (spec.podReplacementPolicy !== undefined)
    errors.oneOf(
      `${path}.podReplacementPolicy`,
      spec.podReplacementPolicy,
      spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"],
    );
  validatePodTemplate(errors, spec.template ?? {}, `${path}.template`);
  const policy = spec.template?.spec?.restartPolicy;
  const at = `${path}.template.spec.restartPolicy`;
  if (!policy || policy === "Always") errors.required(at, 'valid values: "OnFailure", "Never"');
  else if (policy !== "OnFailure" && policy !== "Never") errors.notSupported(at, policy, ["OnFailure", "Never"]);
  else if (spec.podFailurePolicy && policy !== "Never")
    errors.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified');
}

/** The internal struct as JSON, which is what the message shows. */
const successPolicyAsGo = (policy: NonNullable<JobSpec["successPolicy"]>) => ({
  Rules: policy.rules.map(({ succeededIndexes, succeededCount }) => ({
    SucceededIndexes: succeededIndexes ?? null,
    SucceededCount: succeededCount ?? null,
  })),
});

function validateCompletionMode(errors: FieldErrors, spec: JobSpec, path: string): void {
  const { completionMode, completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec;
  if (completionMode !== undefined) errors.oneOf(`${path}.completionMode`, completionMode, ["NonIndexed", "Indexed"]);
  if (completionMode === "Indexed") {
    if (completions === undefined) errors.required(`${path}.completions`, "when completion mode is Indexed");
    if (parallelism !== undefined && parallelism > maxIndexedParallelism)
      errors.invalid(
        `${path}.parallelism`,
        parallelism,
        `must be less than or equal to ${maxIndexedParallelism} when completion mode is Indexed`,
      );
    if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions)
      errors.invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, "must be less than or equal to completions");
  } else if (completionMode === undefined || completionMode === "NonIndexed") {
    if (backoffLimitPerIndex !== undefined)
      errors.invalid(`${path}.backoffLimitPerIndex`, backoffLimitPerIndex, "requires indexed completion mode");
    if (maxFailedIndexes !== undefined)
      errors.invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, "requires indexed completion mode");
  }
}

function validatePodFailurePolicy(errors: FieldErrors, spec: JobSpec, path: string): void {
  const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
  spec.podFailurePolicy?.rules?.forEach((rule, index) => {
    const at = `${path}[${index}]`;
    if (!rule.action)
      errors.required(`${at}.action`, `valid values: [${actions.map((action) => JSON.stringify(action)).join(" ")}]`);
    else if (rule.action === "FailIndex") {
      if (spec.backoffLimitPerIndex === undefined)
        errors.invalid(`${at}.action`, rule.action, "requires the backoffLimitPerIndex to be set");
    } else errors.oneOf(`${at}.action`, rule.action, actions);
    const conditions = rule.onPodConditions?.length ?? 0;
    if (rule.onExitCodes && conditions)
      errors.invalidAsWhole(at, "specifying both OnExitCodes and OnPodConditions is not supported");
    if (!rule.onExitCodes && !conditions)
      errors.invalidAsWhole(at, "specifying one of OnExitCodes and OnPodConditions is required");
    const codes = rule.onExitCodes;
    if (codes) {
      errors.oneOf(`${at}.onExitCodes.operator`, codes.operator, ["In", "NotIn"]);
      if (!codes.values?.length)
        errors.invalid(`${at}.onExitCodes.values`, codes.values ?? null, "at least one value is required");
      codes.values?.forEach((value, position) => {
        if (codes.operator === "In" && value === 0)
          errors.invalid(`${at}.onExitCodes.values[${position}]`, value, "must not be 0 for the In operator");
      });
    }
  });
}

const fixedOfJob = [
  "selector",
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy",
] as const;

export function validateJobUpdate(errors: FieldErrors, job: Job, old: Job): void {
  const spec = job.spec ?? { template: {} };
  const before = old.spec ?? { template: {} };
  const elastic =
    spec.completionMode === "Indexed" &&
    before.completions === before.parallelism &&
    spec.completions === spec.parallelism;
  if (spec.completions !== before.completions && !elastic)
    errors.immutable("spec.completions", spec.completions ?? null);
  if (!equalJson(spec.selector, before.selector)) errors.immutable("spec.selector", spec.selector ?? null);
  if (!equalJson(schedulingAside(spec, old), schedulingAside(before, old)))
    errors.immutable("spec.template", spec.template);
  for (const field of fixedOfJob)
    if (field !== "selector" && !equalJson(spec[field], before[field]))
      errors.immutable(`spec.${field}`, spec[field] ?? null);
}

/** A Job that never started may still be told where to run. */
function schedulingAside(spec: JobSpec, old: Job): unknown {
  if (!old.spec?.suspend || old.status?.startTime !== undefined) return spec.template;
  const {
    nodeSelector: _,
    tolerations: __,
    schedulingGates: ___,
    affinity,
    ...rest
  } = spec.template.spec ?? { containers: [] };
  const { nodeAffinity: ____, ...pods } = affinity ?? {};
  const { labels: _____, annotations: ______, ...metadata } = spec.template.metadata ?? {};
  return { metadata, spec: rest, pods };
}

export function validateCronJob(errors: FieldErrors, cronJob: CronJob, old?: CronJob): void {
  const spec: Partial<NonNullable<CronJob["spec"]>> = cronJob.spec ?? {};
  const { schedule, timeZone } = spec;
  if (!schedule) errors.required("spec.schedule");
  else validateSchedule(errors, schedule, timeZone, old?.spec?.schedule?.includes("TZ") ?? false);
  errors.nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds);
  if (timeZone !== undefined && timeZone !== old?.spec?.timeZone) validateTimeZone(errors, timeZone);
  if (!spec.concurrencyPolicy) errors.required("spec.concurrencyPolicy");
  else errors.oneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"]);
  const template = spec.jobTemplate ?? {};
  validateMetadataOfTemplate(errors, template.metadata, "spec.jobTemplate.metadata");
  validateJobSpec(errors, template.spec ?? { template: {} }, "spec.jobTemplate.spec");
  if (template.spec?.manualSelector)
    errors.notSupported("spec.jobTemplate.spec.manualSelector", template.spec.manualSelector, ["nil", "false"]);
  errors.nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit);
  errors.nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit);
  if (!old && cronJob.metadata.name.length > maxCronJobName)
    errors.invalid("metadata.name", cronJob.metadata.name, `must be no more than ${maxCronJobName} characters`);
}

function validateSchedule(
  errors: FieldErrors,
  schedule: string,
  timeZone: string | undefined,
  zoneAllowed: boolean,
): void {
  const problem = cronProblem(schedule);
  if (problem) errors.invalid("spec.schedule", schedule, problem);
  if (!schedule.includes("TZ")) return;
  if (!zoneAllowed)
    errors.invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
  else if (timeZone !== undefined)
    errors.invalid("spec.schedule", schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
}

function validateTimeZone(errors: FieldErrors, timeZone: string): void {
  const path = "spec.timeZone";
  if (!timeZone) {
    errors.invalid(path, timeZone, "timeZone must be nil or non-empty string");
    return;
  }
  const wellFormed = timeZone
    .split("/")
    .every((part) => part !== "." && part !== ".." && !part.startsWith("-") && /^[A-Za-z.\-_0-9+]{1,14}$/.test(part));
  if (!wellFormed) {
    errors.invalid(path, timeZone, `unknown time zone ${timeZone}`);
    return;
  }
  if (timeZone.toLowerCase() === "local")
    errors.invalid(
      path,
      timeZone,
      "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
    );
  else if (!isKnownTimeZone(timeZone)) errors.invalid(path, timeZone, `unknown time zone ${timeZone}`);
}

function isKnownTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }) !== undefined;
  } catch {
    return false;
  }
}

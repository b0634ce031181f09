import type { Job, JobStatus } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { parseIndexList } from "./index-list.ts";

/**
 * A Job's status must be one that a controller could have written. What was wrong before may stay: each rule holds only
 * where something that it looks at has changed (strategy `getStatusValidationOptions`, 1.35).
 */
export function validateJobStatus(errors: FieldErrors, job: Job, old: Job): void {
  const change = new StatusChange(job, old);
  validateCounts(errors, change);
  validateConditions(errors, change);
  validateTimes(errors, change);
  validateEnd(errors, change);
  validateIndexes(errors, change);
  validateFinishedPods(errors, change);
  validateTransition(errors, change);
}

type Flag = "Complete" | "Failed" | "FailureTarget" | "SuccessCriteriaMet" | "Suspended";

class StatusChange {
  readonly job: Job;
  readonly status: JobStatus;
  readonly old: JobStatus;

  constructor(job: Job, old: Job) {
    this.job = job;
    this.status = job.status ?? {};
    this.old = old.status ?? {};
  }

  is = (flag: Flag): boolean => hasFlag(this.status, flag);
  was = (flag: Flag): boolean => hasFlag(this.old, flag);
  turned = (...flags: Flag[]): boolean => flags.some((flag) => this.is(flag) !== this.was(flag));
  changed = (...fields: (keyof JobStatus)[]): boolean =>
    fields.some((field) => !equalJson(this.status[field] ?? null, this.old[field] ?? null));

  get isFinished(): boolean {
    return this.is("Complete") || this.is("Failed");
  }

  get finishes(): boolean {
    return this.isFinished !== (this.was("Complete") || this.was("Failed"));
  }
}

const hasFlag = ({ conditions }: JobStatus, flag: Flag): boolean =>
  conditions?.some(({ type, status }) => type === flag && status === "True") ?? false;

function validateCounts(errors: FieldErrors, { status }: StatusChange): void {
  for (const field of ["active", "succeeded", "failed", "ready", "terminating"] as const)
    errors.nonNegative(`status.${field}`, status[field]);
  const seen = new Set<string>();
  for (const outcome of ["succeeded", "failed"] as const)
    for (const [position, uid] of (status.uncountedTerminatedPods?.[outcome] ?? []).entries()) {
      const path = `status.uncountedTerminatedPods.${outcome}[${position}]`;
      if (uid === "") errors.invalid(path, uid, "must not be empty");
      else if (seen.has(uid)) errors.duplicate(path, uid);
      seen.add(uid);
    }
}

function validateConditions(errors: FieldErrors, { is, turned }: StatusChange): void {
  const refuse = (why: string) => errors.invalidAsWhole("status.conditions", why);
  if (turned("Complete", "Failed") && is("Complete") && is("Failed"))
    refuse("cannot set Complete=True and Failed=true conditions");
  if (turned("Complete", "FailureTarget") && is("Complete") && is("FailureTarget"))
    refuse("cannot set Complete=True and FailureTarget=true conditions");
}

function validateTimes(errors: FieldErrors, { status, is, turned, changed }: StatusChange): void {
  const { startTime, completionTime } = status;
  const path = "status.completionTime";
  if (turned("Complete") || changed("completionTime")) {
    if (completionTime !== undefined && !is("Complete"))
      errors.invalid(path, completionTime, "cannot set completionTime when there is no Complete=True condition");
    if (completionTime === undefined && is("Complete"))
      errors.required(path, "completionTime is required for Complete jobs");
  }
  if (!changed("startTime", "completionTime") || startTime === undefined || completionTime === undefined) return;
  if (Date.parse(completionTime) < Date.parse(startTime))
    errors.invalid(path, completionTime, "must be equal to or after `startTime`");
}

function validateEnd(errors: FieldErrors, change: StatusChange): void {
  const { job, status, is, turned, changed, isFinished, finishes } = change;
  const refuse = (why: string) => errors.invalidAsWhole("status.conditions", why);
  if ((turned("Failed") || changed("failedIndexes")) && is("Failed") && !is("FailureTarget"))
    refuse("cannot set Failed=True condition without the FailureTarget=true condition");
  if (turned("Complete", "SuccessCriteriaMet") && is("Complete") && !is("SuccessCriteriaMet"))
    refuse("cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
  if (!isFinished) return;
  const { active = 0, startTime, uncountedTerminatedPods } = status;
  if ((finishes || changed("active")) && active > 0)
    errors.invalid("status.active", active, "active>0 is invalid for finished job");
  const nothingToDo = job.spec?.suspend === true && job.spec.completions === 0;
  if ((finishes || changed("startTime")) && startTime === undefined && !nothingToDo)
    errors.required("status.startTime", "startTime is required for finished job");
  const { succeeded = [], failed = [] } = uncountedTerminatedPods ?? {};
  if ((finishes || changed("uncountedTerminatedPods")) && succeeded.length + failed.length > 0)
    errors.invalid(
      "status.uncountedTerminatedPods",
      { Succeeded: succeeded.length ? succeeded : null, Failed: failed.length ? failed : null },
      "must be empty for finished job",
    );
}

function validateIndexes(errors: FieldErrors, { job, status, changed }: StatusChange): void {
  const { completions, completionMode, backoffLimitPerIndex } = job.spec ?? {};
  const { completedIndexes = "", failedIndexes } = status;
  const check = (field: "completedIndexes" | "failedIndexes", text: string) => {
    const parsed = parseIndexList(text, completions ?? 0);
    if ("problem" in parsed) errors.invalid(`status.${field}`, text, `error parsing ${field}: ${parsed.problem}`);
  };
  if (changed("completedIndexes") && completions !== undefined) check("completedIndexes", completedIndexes);
  if (changed("failedIndexes") && completions !== undefined && backoffLimitPerIndex !== undefined)
    if (failedIndexes !== undefined) check("failedIndexes", failedIndexes);
  if (changed("completedIndexes") && completedIndexes !== "" && completionMode !== "Indexed")
    errors.invalid(
      "status.completedIndexes",
      completedIndexes,
      "cannot set non-empty completedIndexes when non-indexed completion mode",
    );
  if (failedIndexes === undefined) return;
  if (changed("failedIndexes") && backoffLimitPerIndex === undefined)
    errors.invalid(
      "status.failedIndexes",
      failedIndexes,
      "cannot set non-null failedIndexes when backoffLimitPerIndex is null",
    );
  if (completions === undefined || !changed("failedIndexes", "completedIndexes")) return;
  const shared = firstShared(completedIndexes, failedIndexes, completions);
  if (shared !== undefined)
    errors.invalid(
      "status.failedIndexes",
      failedIndexes,
      `failedIndexes and completedIndexes overlap at index: ${shared}`,
    );
}

function firstShared(completed: string, failed: string, completions: number): number | undefined {
  const [ends, faults] = [parseIndexList(completed, completions), parseIndexList(failed, completions)];
  if ("problem" in ends || "problem" in faults) return undefined;
  for (const [first, last] of ends)
    for (const [from, to] of faults) if (first <= to && from <= last) return Math.max(first, from);
  return undefined;
}

function validateFinishedPods(errors: FieldErrors, change: StatusChange): void {
  const { job, status, is, changed, isFinished, finishes } = change;
  const { terminating = 0, ready, active = 0 } = status;
  if ((finishes || changed("terminating")) && terminating > 0 && isFinished)
    errors.invalid("status.terminating", terminating, "terminating>0 is invalid for finished job");
  if (changed("ready", "active") && ready !== undefined && ready > active)
    errors.invalid("status.ready", ready, "cannot set more ready pods than active");
  const refuse = (why: string) => errors.invalidAsWhole("status.conditions", why);
  if (is("SuccessCriteriaMet") && is("Failed")) refuse("cannot set SuccessCriteriaMet=True and Failed=true conditions");
  if (is("SuccessCriteriaMet") && is("FailureTarget"))
    refuse("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  if (job.spec?.successPolicy && !is("SuccessCriteriaMet") && is("Complete"))
    refuse("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
}

function validateTransition(errors: FieldErrors, { job, status, old, is, was, changed }: StatusChange): void {
  const refuse = (why: string) => errors.invalidAsWhole("status.conditions", why);
  for (const flag of ["Failed", "Complete", "FailureTarget"] as const)
    if (was(flag) && !is(flag)) refuse(`cannot disable the terminal ${flag}=True condition`);
  const { completionMode, completions, parallelism, suspend } = job.spec ?? {};
  const { failed = 0, succeeded = 0 } = status;
  if (failed < (old.failed ?? 0)) errors.invalid("status.failed", failed, "cannot decrease the failed counter");
  const mayShrink = completionMode === "Indexed" && completions === parallelism;
  if (!mayShrink && succeeded < (old.succeeded ?? 0))
    errors.invalid("status.succeeded", succeeded, "cannot decrease the succeeded counter");
  if (status.completionTime !== undefined && old.completionTime !== undefined && changed("completionTime"))
    errors.immutable("status.completionTime", status.completionTime);
  const resumes =
    was("Suspended") && status.conditions?.some((one) => one.type === "Suspended" && one.status === "False");
  if (old.startTime !== undefined && changed("startTime") && !resumes && !suspend)
    errors.required("status.startTime", "startTime cannot be removed for unsuspended job");
  if (was("SuccessCriteriaMet") && !is("SuccessCriteriaMet"))
    refuse("cannot disable the SuccessCriteriaMet=True condition");
  if (was("Complete") && !was("SuccessCriteriaMet") && is("SuccessCriteriaMet"))
    refuse("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
}

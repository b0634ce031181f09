import { isObject, type JsonObject } from "../json-value.ts";
import { type Defaulter, fill, fillZero, within, withinAlways, withinEach } from "./fill.ts";
import { podTemplateDefaults } from "./pod.ts";

const maxInt32 = 2 ** 31 - 1;

const jobDefaults: Defaulter = (job) => {
  const result = withinAlways(job, "spec", (spec) => jobSpec(nestedDefaults(spec)));
  const template = (result["spec"] as JsonObject)["template"] as JsonObject;
  const labels = isObject(template["metadata"]) ? template["metadata"]["labels"] : undefined;
  if (!labels) return result;
  return withinAlways(result, "metadata", (metadata) => {
    const own = metadata["labels"];
    return isObject(own) && Object.keys(own).length ? metadata : { ...metadata, labels };
  });
};

/** What a Job and the template of a CronJob share. */
const nestedDefaults: Defaulter = (spec) =>
  withinAlways(
    within(spec, "podFailurePolicy", (policy) =>
      withinEach(policy, "rules", (rule) =>
        withinEach(rule, "onPodConditions", (condition) => fillZero(condition, { status: "True" })),
      ),
    ),
    "template",
    podTemplateDefaults,
  );

const jobSpec: Defaulter = (spec) => {
  const single = spec["completions"] === undefined && spec["parallelism"] === undefined;
  return fill(spec, {
    ...(single && { completions: 1 }),
    parallelism: 1,
    backoffLimit: spec["backoffLimitPerIndex"] === undefined ? 6 : maxInt32,
    completionMode: "NonIndexed",
    suspend: false,
    podReplacementPolicy: spec["podFailurePolicy"] ? "Failed" : "TerminatingOrFailed",
    manualSelector: false,
  });
};

const cronJobSpec: Defaulter = (spec) => {
  const filled = fill(fillZero(spec, { concurrencyPolicy: "Allow" }), {
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  return withinAlways(filled, "jobTemplate", (template) => withinAlways(template, "spec", nestedDefaults));
};

export const batchDefaults: Readonly<Record<string, Defaulter>> = {
  Job: jobDefaults,
  CronJob: (job) => withinAlways(job, "spec", cronJobSpec),
};

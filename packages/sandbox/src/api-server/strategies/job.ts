import { type ApiObject, record, withFields, withMetadata } from "../api-object.ts";
import { templateWarnings } from "./pod-warnings.ts";
import type { Strategy } from "./strategy.ts";

const controllerUid = "batch.kubernetes.io/controller-uid";
const jobName = "batch.kubernetes.io/job-name";
const legacyControllerUid = "controller-uid";
const legacyJobName = "job-name";

/** Jobs find their pods by labels that are made here, unless the Job brings a selector of its own. */
export const jobStrategy: Partial<Strategy> = {
  orphansByDefault: true,
  prepareForCreate(job) {
    const spec = record(job.spec);
    const own = spec.manualSelector === true ? job : withGeneratedSelector(job);
    return withFields(own, { status: {} });
  },
  warnings(job, before) {
    const spec = record(job.spec);
    const template = templateWarnings(spec.template, before && record(before.spec).template, "spec.template");
    if (before || job.metadata.name.length <= 63 || spec.completionMode !== "Indexed") return template;
    return [
      `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must be no more than 63 characters]`,
      ...template,
    ];
  },
};

function withGeneratedSelector(job: ApiObject): ApiObject {
  const { uid = "", name } = job.metadata;
  const spec = record(job.spec);
  const template = record(spec.template);
  const metadata = record(template.metadata);
  const added = {
    [legacyControllerUid]: uid,
    [controllerUid]: uid,
    [legacyJobName]: name,
    [jobName]: name,
  };
  const selector = record(spec.selector);
  const labelled = withMetadata(job, { labels: { ...job.metadata.labels, ...added } });
  return withFields(labelled, {
    spec: {
      ...spec,
      selector: { ...selector, matchLabels: { ...record(selector.matchLabels), [controllerUid]: uid } },
      template: { ...template, metadata: { ...metadata, labels: { ...record(metadata.labels), ...added } } },
    },
  });
}

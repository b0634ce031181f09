import { type ApiObject, record, withFields, withMetadata } from "../api-object.ts";
import { equalJson } from "../json-value.ts";
import type { Strategy } from "./strategy.ts";

/** Where apps/v1 keeps the template generation of older versions. */
const templateGeneration = "deprecated.daemonset.template.generation";

/** DaemonSets count the changes of their template in an annotation. */
export const daemonSetStrategy: Partial<Strategy> = {
  prepareForCreate: (object) =>
    withTemplateGeneration(
      withFields(object, {
        status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
      }),
      1,
    ),
  prepareForUpdate(object, before) {
    const last = Number(before.metadata.annotations?.[templateGeneration] ?? 0);
    const changed = !equalJson(record(object.spec).template, record(before.spec).template);
    return withTemplateGeneration(object, changed ? last + 1 : last);
  },
};

const withTemplateGeneration = (object: ApiObject, generation: number): ApiObject =>
  withMetadata(object, {
    annotations: { ...object.metadata.annotations, [templateGeneration]: String(generation) },
  });

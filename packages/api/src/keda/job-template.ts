import { z } from "zod";
import type { JobSpec } from "../builtin/batch-v1.generated.ts";
import { embeddedSchema } from "../builtin/embedded-schema.ts";
import { embeddedType } from "../builtin/embedded-type.ts";
import type { StructuralSchema } from "../structural-schema.ts";

/** The whole spec of a Job. Made on first use, since it is large and only ScaledJobs need it. */
export const JobTemplate: z.ZodType<JobSpec> = z.lazy(() => embeddedType(jobSpec()) as z.ZodType<JobSpec>);

/** Any metadata is kept on the pods, as in the CRD that KEDA installs. */
function jobSpec(): StructuralSchema {
  const spec = embeddedSchema("io.k8s.api.batch.v1.JobSpec");
  const template = spec.properties?.["template"];
  const metadata = template?.properties?.["metadata"];
  if (!metadata) throw new Error("a Job's pod template has no metadata");
  return {
    ...spec,
    properties: {
      ...spec.properties,
      template: {
        ...template,
        properties: {
          ...template.properties,
          metadata: { ...metadata, "x-kubernetes-preserve-unknown-fields": true },
        },
      },
    },
  };
}

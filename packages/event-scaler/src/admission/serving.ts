import type { ServingOptions } from "@bellows/kube";
import { type AdmissionRequest, type AdmissionResponse, admissionPaths } from "./review.ts";

/** Serves the webhooks: give it to `serve` as its `routes`, with a certificate that the webhook configuration trusts. */
export function admissionRoutes(
  handler: (request: AdmissionRequest) => Promise<AdmissionResponse>,
): NonNullable<ServingOptions["routes"]> {
  return (app) => {
    for (const path of admissionPaths) {
      app.post(path, async (request, reply) => {
        const { status, body } = await handler({ path, body: request.body });
        return reply.status(status).send(body);
      });
    }
  };
}

import { z } from "zod";
import { KedaConditions } from "./status.ts";
import { AuthenticationRef } from "./trigger.ts";

const EventType = z.enum([
  "keda.scaledobject.ready.v1",
  "keda.scaledobject.failed.v1",
  "keda.scaledobject.removed.v1",
  "keda.scaledobject.paused.v1",
  "keda.scaledobject.unpaused.v1",
  "keda.scaledjob.ready.v1",
  "keda.scaledjob.failed.v1",
  "keda.scaledjob.removed.v1",
  "keda.scaledjob.paused.v1",
  "keda.scaledjob.unpaused.v1",
  "keda.scaledjob.rolloutcleanup.started.v1",
  "keda.scaledjob.rolloutcleanup.completed.v1",
  "keda.scaledjob.rolloutcleanup.failed.v1",
  "keda.authentication.triggerauthentication.created.v1",
  "keda.authentication.triggerauthentication.updated.v1",
  "keda.authentication.triggerauthentication.removed.v1",
  "keda.authentication.clustertriggerauthentication.created.v1",
  "keda.authentication.clustertriggerauthentication.updated.v1",
  "keda.authentication.clustertriggerauthentication.removed.v1",
]);

/** Shared by CloudEventSource and ClusterCloudEventSource. */
export const CloudEventSourceSpec = z
  .object({
    clusterName: z
      .string()
      .optional()
      .describe("Name of the cluster as events give it; kubernetes-default when left out."),
    destination: z
      .object({
        http: z
          .object({ uri: z.string().describe("URL that events are posted to.") })
          .optional()
          .describe("Any HTTP server."),
        azureEventGridTopic: z
          .object({ endpoint: z.string().describe("URL of the topic.") })
          .optional()
          .describe("A topic of Azure Event Grid."),
      })
      .describe("Where events are sent."),
    authenticationRef: AuthenticationRef.optional().describe(
      "The object that holds the credentials of the destination.",
    ),
    eventSubscription: z
      .object({
        includedEventTypes: z.array(EventType).optional().describe("Send only these."),
        excludedEventTypes: z.array(EventType).optional().describe("Send all but these."),
      })
      .optional()
      .describe("Which events are sent; all when left out."),
  })
  .describe("Which events are sent, and where.");

export const CloudEventSourceStatus = z.object({ conditions: KedaConditions.optional() }).describe("How sending goes.");

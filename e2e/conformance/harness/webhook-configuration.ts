import type { Conversation } from "./conversation.ts";

/** Rules for every write of a ConfigMap. */
const configMaps = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] }];

/** Has a webhook asked about the ConfigMaps of the case's namespace, and waits until the server has noticed. */
export async function configureWebhook(
  t: Conversation,
  kind: "mutating" | "validating",
  webhook: object,
): Promise<void> {
  const path = `${kind}webhookconfigurations`;
  t.deleteAtEnd(`${path}/${t.ns}`);
  await t.given(path, {
    metadata: { name: t.ns },
    webhooks: [
      {
        name: "hook.example.com",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        timeoutSeconds: 2,
        rules: configMaps,
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": t.ns } },
        ...webhook,
      },
    ],
  });
  // An API server takes a moment to notice its webhooks.
  await t.pause(1_200);
}

import type { Conversation } from "./conversation.ts";

const rulesFor = (resource: string) => [
  { apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: [resource] },
];

/** Has a webhook asked about the ConfigMaps of the case's namespace, and waits until the server has noticed. */
export async function configureWebhook(
  t: Conversation,
  kind: "mutating" | "validating",
  webhook: object,
): Promise<void> {
  const path = `${kind}webhookconfigurations`;
  const configure = async (name: string, own: object) => {
    t.deleteAtEnd(`${path}/${name}`);
    await t.given(path, {
      metadata: { name },
      webhooks: [
        {
          name: "hook.example.com",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          timeoutSeconds: 30,
          rules: rulesFor("configmaps"),
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": t.ns } },
          ...own,
        },
      ],
    });
  };
  await configure(t.ns, webhook);
  // A server learns of its webhooks in their order, after a while: another one, that nothing answers, is in force last.
  await configure(`${t.ns}-probe`, {
    name: "probe.example.com",
    rules: rulesFor("podtemplates"),
    clientConfig: { url: "https://127.0.0.1:1/probe" },
  });
  const probe = { template: { spec: { containers: [{ name: "c", image: "i" }] } }, metadata: { name: "probe" } };
  await t.rehearse("podtemplates", probe, ({ body }) => String(body.message).includes("probe.example.com"));
}

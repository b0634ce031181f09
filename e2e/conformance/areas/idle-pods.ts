/** The spec of pods that nobody schedules, so that they stay as their controllers make them. */
export const idle = (image = "i", more: object = {}) => ({
  schedulerName: "none",
  containers: [{ name: "c", image }],
  ...more,
});

/** A Deployment of idle pods called `web`. */
export const idleDeployment = (replicas: number, spec: object = {}) => ({
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: idle() },
    ...spec,
  },
});

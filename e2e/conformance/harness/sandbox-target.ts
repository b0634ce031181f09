import {
  acceleratedClock,
  createCache,
  createClient,
  createManager,
  type RunningManager,
  silentLogger,
  systemClock,
  systemRandom,
} from "@bellows/kube";
import {
  ApiServer,
  adminUser,
  bootstrapCluster,
  inProcessTransport,
  keepKubernetesService,
  machineNetwork,
  newCredentials,
  serveHttps,
} from "@bellows/sandbox/api-server";
import { schedulerController } from "@bellows/sandbox/scheduler";
import { workloadControllers } from "@bellows/sandbox/workloads";
import { Registry } from "prom-client";
import type { Target } from "./target.ts";

/** Starts the sandbox's control plane by itself, over HTTPS: its API server, controllers and scheduler, no nodes. */
export async function startSandboxTarget(speed = 1): Promise<Target & { stop(): Promise<void> }> {
  const clock = speed === 1 ? systemClock : acceleratedClock(speed);
  const random = systemRandom;
  const credentials = await newCredentials(systemClock, ["localhost", "127.0.0.1"]);
  const server = new ApiServer({
    clock,
    random,
    network: machineNetwork(credentials.frontProxy),
    authenticate: (token) => (token === credentials.token ? adminUser : undefined),
  });
  await bootstrapCluster(server);
  const forgetService = keepKubernetesService(server, clock);
  const { tls, token } = credentials;
  const front = await serveHttps(server, {
    port: 0,
    tls: { key: tls.key, cert: tls.certificate },
    authenticate: (given) => server.userOf(given),
    log: silentLogger,
  });
  const clientAs = (name: string) =>
    createClient(inProcessTransport(server, { ...adminUser, username: `system:${name}` }), { clock, userAgent: name });
  const cache = createCache({ client: clientAs("sandbox"), clock, random, log: silentLogger });
  await cache.start();
  const managers = [
    { name: "kube-controller-manager", controllers: workloadControllers({ rootCa: tls.caBundle }) },
    { name: "kube-scheduler", controllers: [schedulerController()] },
  ].map(({ name, controllers }) =>
    createManager({ client: clientAs(name), clock, random, log: silentLogger, metrics: new Registry(), cache }).add(
      ...controllers,
    ),
  );
  const running: RunningManager[] = [];
  for (const manager of managers) running.push(await manager.start());
  return {
    name: "sandbox",
    url: front.url,
    token,
    speed,
    compact: async () => server.store.compact(),
    async stop() {
      for (const manager of running) await manager.stop();
      forgetService();
      cache.stop();
      await front.close();
    },
  };
}

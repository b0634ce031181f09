import { get } from "node:http";
import { has } from "./go-tools.ts";

const answerLimitMs = 5_000;

/** Whether a Docker engine answers: the one that the docker command uses, or that of DOCKER_HOST or the usual socket. */
export async function dockerAnswers(): Promise<boolean> {
  // Without an engine `docker version` prints its own, and fails.
  if (has("docker", "version")) return true;
  const host = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  const { protocol, pathname, hostname, port } = new URL(host);
  if (protocol === "unix:") return pings({ socketPath: pathname });
  return protocol === "tcp:" && pings({ host: hostname, port });
}

function pings(where: { socketPath: string } | { host: string; port: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ ...where, path: "/_ping", timeout: answerLimitMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}

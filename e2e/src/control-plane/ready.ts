import type { Client } from "@bellows/kube";

const readyLimitMs = 120_000;

/** Waits until the API server is ready. @throws with what `why` tells where it does not become so */
export async function untilReady(client: Client, why: () => Promise<string>): Promise<void> {
  for (const until = Date.now() + readyLimitMs; Date.now() < until; ) {
    const isReady = await client.raw("/readyz").then(
      (answer) => answer === "ok",
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`kube-apiserver is not ready after 2 minutes:\n${await why()}`);
}

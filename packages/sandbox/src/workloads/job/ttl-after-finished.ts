import { Job } from "@bellows/api";
import { type Controller, lookAgainAt, parseTimestamp, self } from "@bellows/kube";
import { deleteExactly, toleratingConflicts } from "../writes.ts";

/** Deletes Jobs `ttlSecondsAfterFinished` after they ended. */
export const ttlAfterFinishedController = (): Controller =>
  toleratingConflicts({
    name: "ttl-after-finished-controller",
    watches: [self(Job)],
    async reconcile(key, { cache, client, clock }) {
      const job = cache.get(Job, key);
      const ttl = job?.spec?.ttlSecondsAfterFinished;
      if (!job || ttl === undefined || job.metadata.deletionTimestamp) return undefined;
      const end = job.status?.conditions?.find(
        ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
      );
      const endedAt = parseTimestamp(end?.lastTransitionTime);
      if (endedAt === undefined) return undefined;
      const expiresAt = endedAt + ttl * 1000;
      if (clock.now() < expiresAt) return lookAgainAt(expiresAt);
      await deleteExactly(client, Job, job, "Foreground");
      return undefined;
    },
  });

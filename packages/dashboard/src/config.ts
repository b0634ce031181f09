import { processSettings } from "@bellows/api";
import { z } from "zod";

const {
  leaderElect: _,
  leaderElectLeaseDuration: _1,
  leaderElectRenewDeadline: _2,
  leaderElectRetryPeriod: _3,
  leaderElectResourceNamespace: _4,
  leaderElectResourceName: _5,
  ignoreNeighbours: _6,
  ...shared
} = processSettings;

/** The settings of `bellows dashboard`. It only reads, so each replica serves by itself, elects no leader and heeds no neighbour. */
export const DashboardSettings = z.strictObject({
  ...shared,
  dashboardToken: z.string().min(16).optional().meta({
    description: "What the page's readers must show as ?token=; required, at least 16 characters.",
    secret: true,
  }),
});
export type DashboardSettings = z.output<typeof DashboardSettings>;

export { DashboardSettings } from "./config.ts";
export { type DashboardOptions, dashboardRoutes } from "./routes.ts";

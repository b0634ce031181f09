export type { Findings, Problem } from "./problem.ts";

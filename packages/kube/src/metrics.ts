import type { Registry } from "prom-client";

/** The Prometheus registry of a process, handed down so that two runs in one process never share counters. */
export type Metrics = Registry;

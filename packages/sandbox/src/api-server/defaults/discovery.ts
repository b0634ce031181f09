import { type Defaulter, fill, withinEach } from "./fill.ts";

export const discoveryDefaults: Readonly<Record<string, Defaulter>> = {
  EndpointSlice: (slice) => withinEach(slice, "ports", (port) => fill(port, { name: "", protocol: "TCP" })),
};

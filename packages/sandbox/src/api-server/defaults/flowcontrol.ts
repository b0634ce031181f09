import { type Defaulter, fill, fillZero, within } from "./fill.ts";

const limited: Defaulter = (config) =>
  within(fill(config, { nominalConcurrencyShares: 30, lendablePercent: 0 }), "limitResponse", (response) =>
    within(response, "queuing", (queuing) => fillZero(queuing, { handSize: 8, queues: 64, queueLengthLimit: 50 })),
  );

const exempt: Defaulter = (config) => fill(config, { nominalConcurrencyShares: 0, lendablePercent: 0 });

export const flowcontrolDefaults: Readonly<Record<string, Defaulter>> = {
  FlowSchema: (schema) => within(schema, "spec", (spec) => fillZero(spec, { matchingPrecedence: 1000 })),
  PriorityLevelConfiguration: (level) =>
    within(level, "spec", (spec) => within(within(spec, "limited", limited), "exempt", exempt)),
};

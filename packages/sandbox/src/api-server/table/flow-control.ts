import type { FlowSchema, PriorityLevelConfiguration } from "@bellows/api";
import { ageColumn, columnsFormat, nameColumn, text } from "./columns.ts";

export const flowSchemaFormat = columnsFormat<FlowSchema>([
  nameColumn,
  text("PriorityLevel", (o) => o.spec?.priorityLevelConfiguration?.name ?? ""),
  text("MatchingPrecedence", (o) => o.spec?.matchingPrecedence ?? 0),
  text("DistinguisherMethod", (o) => o.spec?.distinguisherMethod?.type ?? "<none>"),
  ageColumn,
  text("MissingPL", (o) => o.status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?"),
]);

type Limited = NonNullable<NonNullable<PriorityLevelConfiguration["spec"]>["limited"]>;
type Queuing = NonNullable<NonNullable<Limited["limitResponse"]>["queuing"]>;

const limited = (o: PriorityLevelConfiguration): Limited | undefined => o.spec?.limited;
const queuing = (o: PriorityLevelConfiguration): Queuing | undefined => limited(o)?.limitResponse?.queuing;

export const priorityLevelFormat = columnsFormat<PriorityLevelConfiguration>([
  nameColumn,
  text("Type", (o) => o.spec?.type ?? ""),
  text("NominalConcurrencyShares", (o) => limited(o)?.nominalConcurrencyShares ?? "<none>"),
  text("Queues", (o) => queuing(o)?.queues ?? "<none>"),
  text("HandSize", (o) => queuing(o)?.handSize ?? "<none>"),
  text("QueueLengthLimit", (o) => queuing(o)?.queueLengthLimit ?? "<none>"),
  ageColumn,
]);

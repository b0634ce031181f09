import type { z } from "zod";
import { type MetadataSchema, type Notice, readMetadata } from "./metadata.ts";
import { type Trigger, type TriggerConfig, TriggerError, type TriggerSeams, type TriggerType } from "./trigger.ts";

/** What the file of a trigger says about its type. */
export interface TriggerDefinition<Schema extends MetadataSchema> {
  readonly types: TriggerType["types"];
  readonly summary: string;
  readonly metadata: Schema;
  /** Put before every problem with the metadata, as upstream wraps it: `error parsing cron metadata`. */
  readonly problemPrefix: string;
  /** What is wrong with the parameters as a whole; asked also where some are missing. */
  readonly validate?: (values: Partial<z.output<Schema>>, config: TriggerConfig) => string | undefined;
  /** Opens a trigger whose parameters are good. What it throws as a TriggerError gets the prefix, too. */
  open(values: z.output<Schema>, config: TriggerConfig, seams: TriggerSeams): Omit<Trigger, "notices">;
}

/** A type of triggers whose metadata is read as its schema says. */
export function defineTrigger<Schema extends MetadataSchema>(definition: TriggerDefinition<Schema>): TriggerType {
  const { types, summary, metadata, problemPrefix, validate } = definition;
  return {
    types,
    summary,
    metadata,
    open(config, seams) {
      let notices: readonly Notice[] = [];
      try {
        const read = readMetadata(metadata, config, validate && ((values) => validate(values, config)));
        notices = read.notices;
        return Object.assign(definition.open(read.values, config, seams), { notices });
      } catch (error) {
        if (!(error instanceof TriggerError) || error.message.startsWith("error getting scaler metric type"))
          throw error;
        throw new TriggerError(`${problemPrefix}: ${error.message}`, { cause: error });
      }
    },
  };
}

import type { z } from "zod";

/** @throws Error  that says what is no JSON in the body of an answer */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Error(`the answer is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws Error  that names the first place of an answer that is not as the schema says */
export function checked<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`the answer's ${issue?.path.join(".") || "value"}: ${issue?.message}`);
}

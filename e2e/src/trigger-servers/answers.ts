const limitMs = 60_000;

/** Asks a server that was just started until it answers; fails with what it said last. */
export async function answers<T>(server: string, ask: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + limitMs; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > until) throw new Error(`${server} does not answer: ${error}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("what only some commands need is not loaded with the package", () => {
  const index = new URL("./index.ts", import.meta.url).href;
  const script = `
    import { registerHooks } from "node:module";
    const asked = new Set();
    registerHooks({ resolve(specifier, context, next) { asked.add(specifier); return next(specifier, context); } });
    await import(${JSON.stringify(index)});
    console.log(JSON.stringify([...asked].filter((specifier) => !/^(node:|\\.|file:)/.test(specifier))));
  `;
  const asked = JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }));
  expect(asked).toContain("prom-client");
  for (const heavy of ["@kubernetes/client-node", "fastify", "undici", "@peculiar/x509", "reflect-metadata"]) {
    expect(asked).not.toContain(heavy);
  }
});

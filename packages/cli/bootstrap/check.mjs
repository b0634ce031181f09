// `npm test`: everything that needs nothing but Node, cached by turbo.
import { join } from "node:path";
import { become } from "./install.mjs";

const tasks = ["typecheck", "test", "//#lint", "//#lint:layers", "//#lint:unused", "//#lint:generated"];

become(({ root, bin }) => [
  bin("turbo"),
  "run",
  ...tasks,
  `--cwd=${join(root)}`,
  "--concurrency=2",
  "--output-logs=new-only",
  "--continue=dependencies-successful",
  ...process.argv.slice(2),
]);

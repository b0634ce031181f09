// One run of the HPA controller's bench, in a process that holds nothing else. Prints the measure as JSON.
import { measureHpaProcess } from "@bellows/hpa/bench";

const seed = Number(process.argv[2] ?? 1);
process.stdout.write(`${JSON.stringify(await measureHpaProcess(seed))}\n`);

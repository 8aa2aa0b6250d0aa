import { parentPort, workerData } from "node:worker_threads";
import { NodeCompiler } from "@myriaddreamin/typst-ts-node-compiler";
import type { TypesetJob } from "./typeset.ts";

const { template, view, atS }: TypesetJob = workerData;
const pdf = NodeCompiler.create().pdf({ mainFileContent: template, inputs: { view } }, { creationTimestamp: atS });
parentPort?.postMessage(pdf);

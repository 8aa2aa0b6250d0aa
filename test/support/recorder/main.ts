import { healthy } from "./scenario.ts";
import { stories } from "./scenarios.ts";
import { startRecorder } from "./start-recorder.ts";

// The mock recorder by hand: `node test/support/recorder/main.ts ["name of a story"] [port]`. Plays the story's last night.
const [name, port = "0"] = process.argv.slice(2);
const story = stories.find((each) => each.name === name);
if (name !== undefined && !story) {
  console.error(`No such story. There are:\n${stories.map((each) => `  ${each.name}`).join("\n")}`);
  process.exit(64);
}
// The clock runs on; what was recorded ends at the start, so the stories hold for a quarter of an hour.
const scenario = { ...(story?.nights.at(-1)?.(Date.now()) ?? healthy(Date.now)), nowMs: Date.now };
const recorder = await startRecorder(scenario, ["onvif", "isapi", "dahua"], Number(port));
const { user, password } = scenario.login;
console.log(JSON.stringify({ address: "127.0.0.1", port: recorder.port, rtspPort: recorder.rtspPort, user, password }));
process.once("SIGINT", () => void recorder.close());
process.once("SIGTERM", () => void recorder.close());

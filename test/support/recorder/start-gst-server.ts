import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("gst-rtsp-server.py", import.meta.url));

/** Starts GStreamer's RTSP server, a peer that none of us wrote. The system's Python has its bindings, others do not. */
export async function startGstServer(user: string, password: string): Promise<{ port: number; stop: () => Promise<void> }> {
  const child = spawn("/usr/bin/python3", [script, user, password], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (part: Buffer) => {
    said = (said + part.toString("utf8")).slice(-2_000);
  });
  const gone = once(child, "exit");
  const [first] = (await Promise.race([once(child.stdout, "data"), gone.then(() => [Buffer.alloc(0)])])) as [Buffer];
  const port = Number(first.toString("utf8").trim());
  if (!(port > 0)) throw new Error(`the GStreamer server did not start: ${said}`);
  return {
    port,
    stop: async () => {
      child.stdin.end();
      await gone;
    },
  };
}

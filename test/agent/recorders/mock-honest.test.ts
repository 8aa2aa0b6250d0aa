import onvif from "onvif";
import { afterEach, describe, expect, test } from "vitest";
import { DAY_MS, healthy, type Scenario, sameOnAll } from "../../support/recorder/scenario.ts";
import { type RunningRecorder, startRecorder } from "../../support/recorder/start-recorder.ts";

// npm onvif is a client that none of us wrote: what it understands, the mock says as devices do.
const running: RunningRecorder[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

async function connect(scenario: Scenario, useWSSecurity: boolean): Promise<InstanceType<typeof onvif.Cam>> {
  const recorder = await startRecorder(scenario, ["onvif"]);
  running.push(recorder);
  const { user, password } = scenario.login;
  return new Promise((resolve, reject) => {
    const options = {
      hostname: "127.0.0.1",
      port: recorder.port,
      username: user,
      password,
      useWSSecurity,
      preserveAddress: true,
      timeout: 5_000,
      autoconnect: false,
    };
    const cam: InstanceType<typeof onvif.Cam> = new onvif.Cam(options);
    cam.connect((error: unknown) => (error ? reject(error) : resolve(cam)));
  });
}

type Call = (callback: (error: unknown, answer: unknown) => void) => void;
const ask = (call: Call) => new Promise<unknown>((resolve, reject) => call((error, answer) => (error ? reject(error) : resolve(answer))));

describe.each([
  ["Digest MD5", { kind: "digest-md5", user: "viewer", password: "p@ss word", plain: true }, false],
  ["Digest SHA-256", { kind: "digest-sha256", user: "viewer", password: "p@ss word", plain: true }, false],
  ["UsernameToken", { kind: "ws-token", user: "viewer", password: "p@ss word", plain: true }, true],
] as const)("npm onvif reads the mock, login by %s", (_, login, useWSSecurity) => {
  test("device, streams, recordings, summary, replay", async () => {
    const nowMs = Date.now();
    const recorded = [{ startMs: nowMs - 20 * DAY_MS, endMs: nowMs }];
    const cam = await connect(
      healthy(() => nowMs, { channels: sameOnAll(2, recorded, { capDays: 30 }), login }),
      useWSSecurity,
    );
    expect(await ask((done) => cam.getDeviceInformation(done))).toMatchObject({ manufacturer: "Mock", model: "NVR & more" });
    expect(await ask((done) => cam.getSystemDateAndTime(done))).toBeInstanceOf(Date);
    expect(await ask((done) => cam.getStreamUri({ protocol: "RTSP", profileToken: "P1" }, done))).toMatchObject({
      uri: expect.stringMatching(/^rtsp:.*\/live\/1$/),
    });
    expect(JSON.stringify(await ask((done) => cam.getRecordings(done)))).toContain("R002");
    expect(JSON.stringify(await ask((done) => cam.getReplayUri({ protocol: "RTSP", recordingToken: "R001" }, done)))).toContain("/replay/R001");
  });
});

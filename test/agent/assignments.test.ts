import { describe, expect, test } from "vitest";
import { type Centre, Device } from "#schemas/inventory.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { type AssignmentSources, deriveAssignments } from "../../agent/assignments.ts";
import { bundledPolicy as policy } from "../../agent/bundled-policy.ts";
import { LocalConfig } from "../../agent/config.ts";
import { probes } from "../../agent/probes/registry.ts";

const recorder = { id: "nvr-1", role: "recorder", address: "10.0.0.20", serial: "ABC123456" } as const;
const camera = { id: "cam-1", role: "camera", address: "10.0.0.21" } as const;

function assigned(devices: Centre["devices"], more: Partial<AssignmentSources> = {}) {
  const { assignments } = deriveAssignments({
    policy,
    devices,
    measureServers: [],
    local: LocalConfig.parse({}),
    collectorUrl: "http://127.0.0.1:8890",
    dataDir: "/tmp",
    networks: [],
    allows: () => true,
    ...more,
  });
  return Object.fromEntries(assignments.map((assignment) => [assignment.probe, assignment]));
}

describe("what the inventory and the plan know reaches the probes of recordings", () => {
  test("the plan's numbers decide, none of the probe's own", () => {
    const rule = policy.requirements.map((requirement) => requirement.rule).find(({ kind }) => kind === "depth");
    const { kind: _kind, probe: _probe, maxAgeHours: _age, ...numbers } = rule as Extract<typeof rule, { kind: "depth" }>;
    expect(assigned([recorder])["recording-depth"]?.options.policy).toEqual(numbers);
  });

  test("serial and days of service go with the target", () => {
    const serviced = [{ on: "2026-11-20", what: "Thay ổ cứng", document: "12/BB-VP" }];
    const devices = [Device.parse({ ...recorder, serviced })];
    expect(assigned(devices)["recording-depth"]?.options.targets).toEqual([{ ...recorder, serviced: ["2026-11-20"] }]);
  });

  test("the addresses of the province's video system are asked for", () => {
    const named = PolicyProfile.parse({ ...policy, vmsHosts: ["198.51.100.20"] });
    expect(assigned([recorder], { policy: named })["vms-link"]?.options.vmsHosts).toEqual(["198.51.100.20"]);
    expect(assigned([recorder])["vms-link"]?.options.vmsHosts).toEqual([]);
  });

  test("cameras without a recorder are asked themselves for their link to the province", () => {
    expect(assigned([camera])["vms-link"]?.options.targets).toEqual([camera]);
    expect(assigned([recorder, camera])["vms-link"]?.options.targets).toEqual([recorder]);
  });

  test.each<[string, Centre["devices"], Partial<AssignmentSources>]>([
    ["has no address", [{ id: "nvr-1", role: "recorder" }, camera], {}],
    ["may not be asked", [recorder, camera], { allows: (address) => address === camera.address }],
  ])("a recorder that %s is one all the same: nothing is held against its cameras", (_, devices, more) => {
    const of = assigned(devices, more);
    expect([of["vms-link"], of["recording-depth"], of["recording-watch"]]).toEqual([undefined, undefined, undefined]);
    expect(of["camera-presence"]?.options.targets).toEqual([camera]);
  });

  test("lists at night, looks each hour", () => {
    const { "recording-depth": depth, "recording-watch": watch } = assigned([recorder]);
    expect(depth).toMatchObject({ everyS: 86_400, window: { from: "00:30", to: "04:30" } });
    expect(watch).toMatchObject({ everyS: 3_600 });
    expect(watch?.window).toBeUndefined();
  });

  test("a camera's own card counts only where there is no recorder", () => {
    const ids = (devices: Centre["devices"]) => (assigned(devices)["recording-depth"]?.options.targets as { id: string }[] | undefined)?.map(({ id }) => id);
    expect(ids([camera, recorder])).toEqual(["nvr-1"]);
    expect(ids([camera])).toEqual(["cam-1"]);
    expect(ids([])).toBeUndefined();
  });

  test("a speed test is held against the floor in the directions that the plan names", () => {
    const measureServers = [{ id: "province", url: "http://127.0.0.1:8891" }];
    expect(assigned([], { measureServers })["link-bandwidth"]?.options).toMatchObject({ floorMbps: 200, floorDirections: ["download"] });
  });

  test("a speed test goes to the server of the configuration, whatever a lease says of its address", () => {
    const server = { id: "province", url: "https://do.tinh.vn" };
    expect(assigned([], { measureServers: [server] })["link-bandwidth"]).toMatchObject({ target: "province", options: { server } });
  });

  test("a portal is known by the text that the plan names", () => {
    const portals = policy.portals.map((portal) => ({ ...portal, expectText: "Cổng dịch vụ công" }));
    expect(assigned([], { policy: { ...policy, portals } })["portal-http"]?.options).toMatchObject({ expectText: "Cổng dịch vụ công" });
    expect(assigned([])["portal-http"]?.options).not.toHaveProperty("expectText");
  });

  test("the province's own authority goes to its measure servers and to no portal", () => {
    const measureServers = [{ id: "province", url: "https://do.tinh.vn" }];
    const { "link-bandwidth": speed, "portal-http": portal } = assigned([], { measureServers, ca: "PEM" });
    expect([speed?.options.ca, portal?.options.ca]).toEqual(["PEM", undefined]);
    expect(assigned([], { measureServers })["link-bandwidth"]?.options).not.toHaveProperty("ca");
  });

  test("each probe takes the options that it is given", () => {
    const devices = [Device.parse({ ...recorder, serviced: [{ on: "2026-11-20", what: "x", document: "y" }] }), camera];
    for (const { probe, options } of Object.values(assigned(devices)))
      expect(probes.get(probe)?.options.safeParse(options).error?.issues, probe).toBeUndefined();
  });
});

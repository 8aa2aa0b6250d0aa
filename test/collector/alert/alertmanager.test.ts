import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import { createAlertmanager } from "../../../collector/alert/channels/alertmanager.ts";
import type { Incident } from "../../../collector/alert/incident.ts";
import { topicsOf } from "../../../collector/alert/topic.ts";
import { type AlertmanagerPeer, startAlertmanager } from "../../support/alertmanager.ts";
import { plan } from "../../support/facts.ts";
import { requirePeer } from "../../support/require-peer.ts";

describe.skipIf(!requirePeer("prometheus-alertmanager"))("an Alertmanager of Debian", () => {
  let peer: AlertmanagerPeer;
  const topics = topicsOf(plan, NotifyConfig.parse({}));
  const places = new Map([
    [1, { code: "ia-grai", name: "Xã Ia Grai" }],
    [2, { code: "chu-pah", name: "Xã Chư Păh" }],
  ]);
  const startMs = Date.now() - 60_000;
  const problem = (id: number, siteId: number, requirement: string): Incident => ({
    id,
    siteId,
    requirement,
    subject: "",
    state: "open",
    beganMs: startMs,
    openedMs: startMs,
    telling: "letter",
    told: [],
    level: 0,
  });
  const closed = (incident: Incident): Incident => ({ ...incident, state: "closed", closedMs: Date.now() });
  const pusher = () => createAlertmanager({ url: peer.url }, () => topics, "http://hcc");
  const lines = () => peer.told.map(({ status, labels }) => `${status} ${labels.alertname} ${labels.centre}`);
  /** Waits until the receiver was told so; what never comes fails by the test's own limit. */
  const heard = async (line: string) => {
    while (!lines().includes(line)) await sleep(100);
  };

  beforeAll(async () => {
    peer = await startAlertmanager();
  }, 60_000);
  afterAll(() => peer.stop());

  it("tells a problem and its end once each, with code, rule and link, without names", async () => {
    const alertmanager = pusher();
    const one = problem(7, 2, "R16");
    await alertmanager.push({ incidents: [one], places }, Date.now());
    await heard("firing R16 chu-pah");
    await alertmanager.push({ incidents: [one], places }, Date.now());
    await alertmanager.push({ incidents: [closed(one)], places }, Date.now());
    await heard("resolved R16 chu-pah");
    expect(lines()).toEqual(["firing R16 chu-pah", "resolved R16 chu-pah"]);
    expect(peer.told[0]).toMatchObject({ labels: { incident: "7", severity: "critical", owner: "portal-vendor" } });
    expect(JSON.stringify(peer.told)).not.toContain("Xã");
  }, 60_000);

  it("an alert that ends while another one inhibits it is ended all the same", async () => {
    const alertmanager = pusher();
    const [portal, silent] = [problem(8, 1, "R16"), problem(9, 1, "agent")];
    await alertmanager.push({ incidents: [portal], places }, Date.now());
    await heard("firing R16 ia-grai");
    await alertmanager.push({ incidents: [portal, silent], places }, Date.now());
    await heard("firing agent ia-grai");

    const ended = closed(portal);
    await alertmanager.push({ incidents: [ended, silent], places }, Date.now());
    // Time enough for the Alertmanager to tell its group again: an end that was pushed now would be lost for ever.
    for (let rounds = 0; rounds < 3; rounds++) await sleep(900);
    expect(lines().filter((line) => line === "resolved R16 ia-grai")).toEqual([]);

    await alertmanager.push({ incidents: [ended, closed(silent)], places }, Date.now());
    await Promise.all([heard("resolved R16 ia-grai"), heard("resolved agent ia-grai")]);
    const reply = (await (await fetch(`${peer.url}/api/v2/alerts`)).json()) as unknown[];
    expect(reply).toEqual([]);
  }, 60_000);

  it("what nobody was told is not pushed, and an Alertmanager that is away is told with the next push", async () => {
    const alertmanager = createAlertmanager({ url: "http://127.0.0.1:9" }, () => topics, "http://hcc");
    await expect(alertmanager.push({ incidents: [problem(10, 1, "R14")], places }, Date.now())).rejects.toThrow();
    const { telling: _, ...untold } = problem(11, 1, "R14");
    await alertmanager.push({ incidents: [untold], places }, Date.now());
  });
});

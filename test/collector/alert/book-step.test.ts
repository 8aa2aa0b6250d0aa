import { beforeEach, describe, expect, it } from "vitest";
import { type Book, backingKey } from "../../../collector/alert/book.ts";
import { mailOf } from "../../../collector/alert/channels/message-text.ts";
import { AlertDesk, lineOf } from "../../support/alert-desk.ts";
import { calendar, plan } from "../../support/facts.ts";

const MINUTE = 60_000;
const vn = (local: string) => Date.parse(`${local}:00+07:00`);
const recipients: NonNullable<ConstructorParameters<typeof AlertDesk>[2]["recipients"]> = [
  { owner: "commune", channel: "smtp", to: "xa-1", centres: ["xa-1"] },
  { owner: "province-it", channel: "smtp", to: "cntt" },
  { owner: "dost", channel: "smtp", to: "so-khcn" },
  { owner: "portal-vendor", channel: "zalo", to: "cong" },
];

let desk: AlertDesk;
let nowMs: number;
const codes = Array.from({ length: 40 }, (_, at) => `xa-${at + 1}`);
/** Lets the clock run to a local time in steps of a minute and gives what was sent meanwhile, as lines. */
function until(local: string, stepMs = MINUTE): string[] {
  const lines: string[] = [];
  for (; nowMs <= vn(local); nowMs += stepMs) lines.push(...desk.tick(nowMs).map(lineOf));
  return lines;
}
const start = (local: string, notify: ConstructorParameters<typeof AlertDesk>[2] = { recipients }) => {
  desk = new AlertDesk(plan, calendar, notify, codes);
  nowMs = vn(local);
  desk.tick(nowMs);
};
const bad = (site: number, requirement: string) => desk.signal(site, requirement, "bad", nowMs);
const well = (site: number, requirement: string) => desk.signal(site, requirement, "well", nowMs);

// A Tuesday in working time.
beforeEach(() => start("2026-11-24T08:00"));

describe("a problem from its beginning to its end", () => {
  it("is told when it has lasted, climbs from its owner to province to DOST, and its end is told to those three", () => {
    bad(1, "R16");
    expect(until("2026-11-24T08:14")).toEqual([]);
    expect(until("2026-11-24T08:16")).toEqual(["opened R16 xa-1 > cong"]);
    expect(until("2026-11-24T08:44")).toEqual([]);
    expect(until("2026-11-24T08:46")).toEqual(["escalated R16 xa-1 > cntt"]);
    expect(until("2026-11-24T10:16")).toEqual(["escalated R16 xa-1 > so-khcn"]);
    well(1, "R16");
    expect(until("2026-11-24T10:25")).toEqual([]);
    expect(until("2026-11-24T11:00")).toEqual(["recovered R16 xa-1 > cong", "recovered R16 xa-1 > cntt", "recovered R16 xa-1 > so-khcn"]);
  });

  it("tells whom to call as long as it stands", () => {
    start("2026-11-24T08:00", { recipients, phones: [{ owner: "portal-vendor", number: "1900 1234" }] });
    const phones: string[] = [];
    const until = (local: string) => {
      for (; nowMs <= vn(local); nowMs += MINUTE) phones.push(...desk.tick(nowMs).map(({ message: { kind, phone } }) => `${kind} ${phone}`));
    };
    bad(1, "R16");
    until("2026-11-24T08:46");
    well(1, "R16");
    until("2026-11-24T11:00");
    expect(phones).toEqual(["opened 1900 1234", "escalated 1900 1234", "recovered undefined", "recovered undefined"]);
  });

  it("that took days to be sure of climbs in days, however much stands still", () => {
    bad(1, "R14");
    expect(until("2026-11-24T17:00")).toEqual(["opened R14 xa-1 > xa-1"]);
    expect(until("2026-11-25T09:00")).toEqual(["escalated R14 xa-1 > cntt"]);
    expect(until("2026-11-26T18:00", 5 * MINUTE)).toEqual([]);
    expect(until("2026-11-27T12:00", 5 * MINUTE)).toEqual(["escalated R14 xa-1 > so-khcn"]);
  });

  it("climbs no further once somebody has taken it", () => {
    bad(1, "R14");
    until("2026-11-24T08:10");
    desk.acknowledge(desk.incidents[0]?.id ?? 0, "Chị Lan", nowMs);
    expect(until("2026-11-24T16:00")).toEqual([]);
    expect(desk.incidents).toMatchObject([{ state: "acknowledged", acknowledgedBy: "Chị Lan" }]);
    well(1, "R14");
    expect(until("2026-11-24T16:30")).toEqual(["recovered R14 xa-1 > xa-1"]);
  });

  it("goes to the province where its owner has no address", () => {
    bad(2, "R14");
    expect(until("2026-11-24T08:10")).toEqual(["opened R14 xa-2 > cntt"]);
  });

  it("is nobody's message when it ends by itself while it is soft, or stops being seen", () => {
    bad(1, "R16");
    until("2026-11-24T08:10");
    well(1, "R16");
    bad(2, "R16");
    until("2026-11-24T08:12");
    desk.signal(2, "R16", "unclear", nowMs);
    expect(until("2026-11-24T09:00")).toEqual([]);
  });

  it("is one problem while it looks well only for a moment now and then", () => {
    bad(1, "R16");
    expect(until("2026-11-24T08:20")).toEqual(["opened R16 xa-1 > cong"]);
    for (const time of ["08:30", "08:40", "08:50"]) {
      well(1, "R16");
      until(`2026-11-24T${time}`);
      bad(1, "R16");
      expect(until(`2026-11-24T${time}`)).toEqual([]);
    }
    well(1, "R16");
    expect(until("2026-11-24T09:05").filter((line) => !line.startsWith("escalated"))).toEqual(["recovered R16 xa-1 > cong"]);
  });

  it("that comes and goes is told twice, then once as such, then only in the morning", () => {
    const lines: string[] = [];
    for (const hour of ["08", "09", "10", "14", "15"]) {
      lines.push(...until(`2026-11-24T${hour}:05`));
      bad(1, "R16");
      lines.push(...until(`2026-11-24T${hour}:25`));
      well(1, "R16");
      lines.push(...until(`2026-11-24T${hour}:45`));
    }
    expect(lines.filter((line) => line.endsWith("> cong"))).toEqual([
      "opened R16 xa-1 > cong",
      "recovered R16 xa-1 > cong",
      "opened R16 xa-1 > cong",
      "recovered R16 xa-1 > cong",
      "flapping R16 xa-1 > cong",
    ]);
    expect(until("2026-11-25T07:05")).toEqual(["morning 1 > cong"]);
    expect(desk.delivered.at(-1)?.message.items).toMatchObject([{ kind: "flapping", centre: "xa-1", requirement: "R16" }]);
  });

  it("that came and went, and then stays, climbs like any other", () => {
    for (const hour of ["08", "09"]) {
      until(`2026-11-24T${hour}:05`);
      bad(1, "R16");
      until(`2026-11-24T${hour}:25`);
      well(1, "R16");
    }
    until("2026-11-24T10:05");
    bad(1, "R16");
    expect(until("2026-11-24T16:55")).toEqual(["flapping R16 xa-1 > cong"]);
    expect(until("2026-11-25T16:55").filter((line) => !line.startsWith("morning"))).toEqual(["escalated R16 xa-1 > cntt"]);
    well(1, "R16");
    expect(until("2026-11-25T17:10")).toEqual(["recovered R16 xa-1 > cntt"]);
  });

  it("begins by no late data, and may end by it", () => {
    desk.signal(1, "R14", "bad", nowMs, { late: true });
    expect(until("2026-11-24T09:00")).toEqual([]);
    bad(1, "R14");
    until("2026-11-24T09:05");
    desk.signal(1, "R14", "well", nowMs, { late: true });
    expect(until("2026-11-24T09:20")).toEqual(["recovered R14 xa-1 > xa-1"]);
  });
});

describe("hours", () => {
  it("a night's problem waits for seven o'clock, and one that ended by then is nobody's", () => {
    start("2026-11-24T20:00");
    bad(1, "R14");
    bad(2, "R14");
    until("2026-11-24T23:00");
    well(2, "R14");
    expect(until("2026-11-25T06:59")).toEqual([]);
    expect(until("2026-11-25T07:01")).toEqual(["morning 1 > xa-1"]);
    // From the morning on it climbs like every other problem.
    expect(until("2026-11-26T07:05")).toEqual(["escalated R14 xa-1 > cntt"]);
  });

  it("what begins over noon waits until the counters open again, not until the next morning", () => {
    start("2026-11-24T11:35");
    bad(1, "R14");
    bad(1, "R19");
    expect(until("2026-11-24T13:29")).toEqual([]);
    expect(until("2026-11-24T13:31")).toEqual(["opened R14 xa-1 > xa-1"]);
    expect(until("2026-11-25T07:01")).toEqual(["morning 1 > xa-1"]);
  });

  it("whoever is on duty hears at any hour of what stops a counter, and of nothing else", () => {
    start("2026-11-24T20:00", { recipients: [{ owner: "*", channel: "smtp", to: "truc", hours: "always" }] });
    bad(1, "R16");
    bad(1, "R02");
    expect(until("2026-11-24T22:00")).toEqual(["opened R16 xa-1 > truc"]);
  });

  it("formalities wait for the morning even in working time", () => {
    bad(1, "R19");
    expect(until("2026-11-24T17:00")).toEqual([]);
    expect(until("2026-11-25T07:00")).toEqual(["morning 1 > xa-1"]);
  });

  it("the first working day of a week brings the weekly digest to those who oversee the province, news or not; a holiday brings nothing", () => {
    start("2026-12-28T08:00");
    // Friday is New Year's day.
    expect(until("2027-01-04T06:59", 10 * MINUTE)).toEqual([]);
    expect(until("2027-01-04T07:20", 10 * MINUTE).sort()).toEqual(["weekly 0 > cntt", "weekly 0 > so-khcn"]);
    expect(until("2027-01-08T18:00", 10 * MINUTE)).toEqual([]);
  });

  it("a commune gets the weekly digest when something of its own still stands", () => {
    bad(1, "R14");
    until("2026-11-24T17:00");
    expect(until("2026-11-30T07:01", 10 * MINUTE).filter((line) => line.startsWith("weekly"))).toEqual([
      "weekly 1 > xa-1",
      "weekly 1 > cntt",
      "weekly 1 > so-khcn",
    ]);
  });

  it("reminds 30, 7 and 1 days before something ends, once each, and over a weekend on Monday", () => {
    desk.expiries = [{ kind: "waiver", centre: "xa-1", requirement: "R14", until: "2026-12-26" }];
    const own = () => desk.delivered.flatMap(({ message, recipient }) => (recipient.to === "xa-1" ? (message.items ?? []) : []));
    until("2026-12-28T08:00", 10 * MINUTE);
    expect(own().map(({ kind, count }) => [kind, count])).toEqual([
      ["waiver_ends", 30],
      ["waiver_ends", 5],
      ["waiver_ends", 1],
    ]);
  });
});

describe("a digest", () => {
  const all: ConstructorParameters<typeof AlertDesk>[2] = { recipients: [{ owner: "*", channel: "smtp", to: "it", perHour: 3 }] };

  it("comes the next morning although one was made by a clock that ran ahead", () => {
    start("2026-11-24T08:00", all);
    desk.tick(vn("2027-01-05T08:00"));
    nowMs = vn("2026-11-24T08:01");
    bad(1, "R19");
    expect(until("2026-11-25T07:00", MINUTE)).toEqual(["morning 1 > it"]);
  });

  it("says how many lines it leaves out, of what is new and of what one reader had too much of", () => {
    start("2026-11-24T20:00", all);
    const requirements = ["R02", "R03", "R04", "R10", "R11", "R12", "R14", "R15"];
    for (const requirement of requirements) for (let site = 1; site <= 10; site++) bad(site, requirement);
    until("2026-11-25T07:00");
    const [morning] = desk.delivered;
    expect([morning?.message.kind, morning?.message.count, morning?.message.items?.length, morning?.message.more]).toEqual(["morning", 80, 60, 20]);
    start("2026-11-24T08:00", all);
    for (const requirement of requirements) for (let site = 1; site <= 10; site++) bad(site, requirement);
    until("2026-11-24T10:00");
    const capped = desk.delivered.find(({ message }) => message.kind === "capped")?.message;
    expect([capped?.count, capped?.items?.length, capped?.more]).toEqual([77, 60, 17]);
  });

  it("counts what ends at many centres on one day in one line, with the soonest end", () => {
    const ends = codes.map((centre, at) => ({ kind: "attestation" as const, centre, requirement: "R14", until: at === 7 ? "2026-12-28" : "2026-12-29" }));
    // From a Friday to a Monday: both ends come within 30 days.
    start("2026-11-27T20:00", all);
    desk.expiries = ends;
    until("2026-11-30T07:00", 10 * MINUTE);
    const items = desk.delivered[0]?.message.items;
    expect(items).toMatchObject([{ kind: "attestation_ends", requirement: "R14", count: 40, until: "2026-12-27T17:00:00.000Z" }]);
  });

  it("names a centre that reports and has heard no portal for a day: once to its commune and to who oversees the province, and again each week", () => {
    const smtp = (owner: "commune" | "province-it" | "portal-vendor", to: string, centres?: string[]) => ({
      owner,
      channel: "smtp" as const,
      to,
      ...(centres && { centres }),
    });
    start("2026-11-24T08:00", {
      recipients: [smtp("commune", "xa-1", ["xa-1"]), smtp("commune", "xa-2", ["xa-2"]), smtp("province-it", "it"), smtp("portal-vendor", "vnpt")],
    });
    desk.unheard = [{ siteId: 1, requirement: "R16", sinceMs: vn("2026-11-24T09:00") }];
    const told = () => desk.delivered.filter(({ message }) => message.items?.some(({ kind }) => kind === "unheard")).map(({ recipient: { to } }) => to);
    until("2026-11-25T12:00", 10 * MINUTE);
    expect(told()).toEqual([]);
    until("2026-11-26T12:00", 10 * MINUTE);
    expect(told().sort()).toEqual(["it", "xa-1"]);
    expect(desk.delivered.at(-1)?.message.items).toMatchObject([{ kind: "unheard", centre: "xa-1", requirement: "R16", since: "2026-11-24T02:00:00.000Z" }]);
    until("2026-11-27T12:00", 10 * MINUTE);
    expect(told()).toHaveLength(2);
    until("2026-11-30T12:00", 10 * MINUTE);
    expect(told().sort()).toEqual(["it", "it", "xa-1", "xa-1"]);
  });

  it("names the reception points that hear no portal, and counts many lines by their centres, under a title that names no point", () => {
    start("2026-11-24T08:00", { recipients: [{ owner: "province-it", channel: "smtp", to: "it" }] });
    const sinceMs = vn("2026-11-24T09:00");
    const at = (siteId: number, point: string) => ({ siteId, requirement: "R16", point, sinceMs });
    const linesOf = (days: Book["unheard"]) => {
      desk.unheard = days;
      until("2026-11-26T12:00", 10 * MINUTE);
      const items = desk.delivered.flatMap(({ message }) => message.items ?? []).filter(({ kind }) => kind === "unheard");
      return items.map(({ centre, title, count }) => [centre, title?.vi, count]);
    };
    const title = plan.requirements.find(({ id }) => id === "R16")?.title.vi;
    expect(linesOf([at(1, "main"), at(1, "ia-ly")])).toEqual([
      ["xa-1", `${title} (Trụ sở chính)`, undefined],
      ["xa-1", `${title} (Điểm tiếp nhận ia-ly)`, undefined],
    ]);
    start("2026-11-24T08:00", { recipients: [{ owner: "province-it", channel: "smtp", to: "it" }] });
    expect(linesOf(Array.from({ length: 12 }, (_, place) => at(1 + Math.floor(place / 2), place % 2 ? "ia-ly" : "main")))).toEqual([[undefined, title, 6]]);
  });
});

describe("a silent agent", () => {
  const heard = (local: string, sites: readonly number[]) => {
    for (const site of sites) desk.contacts.set(site, vn(local));
  };

  it("is told after five minutes in working time, and its return when that has lasted", () => {
    heard("2026-11-24T08:00", [1]);
    expect(until("2026-11-24T08:04")).toEqual([]);
    expect(until("2026-11-24T08:06")).toEqual(["opened agent xa-1 > xa-1"]);
    until("2026-11-24T08:20");
    heard("2026-11-24T08:20", [1]);
    expect(until("2026-11-24T08:22")).toEqual([]);
    heard("2026-11-24T08:22", [1]);
    expect(until("2026-11-24T08:24")).toEqual(["recovered agent xa-1 > xa-1"]);
  });

  it("at one reception point is told by its name while another point talks, and its return too", () => {
    heard("2026-11-24T20:00", [1]);
    desk.points = [[1, "ia-ly", vn("2026-11-24T08:00")]];
    until("2026-11-24T08:04");
    nowMs = vn("2026-11-24T08:06");
    const [letter, ...more] = desk.tick(nowMs);
    expect(more).toEqual([]);
    expect(letter?.message).toMatchObject({
      kind: "opened",
      requirement: "agent",
      centre: "xa-1",
      title: { vi: "Điểm tiếp nhận ia-ly mất liên lạc" },
    });
    expect(desk.incidents.map(({ siteId, subject }) => [siteId, subject])).toEqual([[1, "ia-ly"]]);
    desk.points = [[1, "ia-ly", vn("2026-11-24T20:00")]];
    expect(until("2026-11-24T08:12")).toEqual(["recovered agent xa-1 > xa-1"]);
  });

  it("at a reception point that is no more ends, and says why", () => {
    heard("2026-11-24T20:00", [1]);
    desk.points = [[1, "ia-ly", vn("2026-11-24T08:00")]];
    expect(until("2026-11-24T08:06")).toEqual(["opened agent xa-1 > xa-1"]);
    desk.points = [];
    nowMs += MINUTE;
    const [letter] = desk.tick(nowMs);
    expect(letter?.message.kind).toBe("point_gone");
    const { subject, body } = mailOf(letter?.message as never);
    expect(subject).toContain("không còn máy ở điểm này");
    expect(body).toContain("Ở điểm tiếp nhận này không còn máy tính cổng nào");
  });

  it("of the main office says no more than that while another point talks", () => {
    desk.points = [[1, "ia-ly", vn("2026-11-24T20:00")]];
    heard("2026-11-24T08:00", [1]);
    until("2026-11-24T08:04");
    nowMs = vn("2026-11-24T08:06");
    expect(desk.tick(nowMs).map(({ message }) => message.title?.vi)).toEqual(["Trụ sở chính mất liên lạc"]);
  });

  it("of the main office ends where no PC and no device is left there but at another point", () => {
    heard("2026-11-24T08:00", [1]);
    expect(until("2026-11-24T08:06")).toEqual(["opened agent xa-1 > xa-1"]);
    desk.contacts.delete(1);
    desk.points = [[1, "ia-ly", vn("2026-11-24T20:00")]];
    nowMs += MINUTE;
    const [letter] = desk.tick(nowMs);
    expect(letter?.message).toMatchObject({ kind: "point_gone", title: { vi: "Trụ sở chính mất liên lạc" } });
    expect(desk.incidents.map(({ state }) => state)).toEqual(["closed"]);
  });

  it("over noon is given half an hour to be switched on, and in the evening none of it counts", () => {
    heard("2026-11-24T11:28", [1]);
    expect(until("2026-11-24T13:55")).toEqual([]);
    expect(until("2026-11-24T14:02")).toEqual(["opened agent xa-1 > xa-1"]);
    heard("2026-11-24T16:55", [2]);
    until("2026-11-24T16:59");
    expect(until("2026-11-25T06:00", 5 * MINUTE).filter((line) => line.includes("xa-2"))).toEqual([]);
  });

  it("is not silent for the time in which no collector listened", () => {
    heard(
      "2026-11-24T08:00",
      codes.map((_, at) => at + 1),
    );
    desk.listeningSinceMs = vn("2026-11-24T09:00");
    nowMs = vn("2026-11-24T09:00");
    expect(until("2026-11-24T09:04")).toEqual([]);
    heard(
      "2026-11-24T09:04",
      codes.slice(1).map((_, at) => at + 2),
    );
    expect(until("2026-11-24T09:07")).toEqual(["opened agent xa-1 > xa-1"]);
  });

  it("is told although its last word was stamped by a clock that ran ahead, and its return as well", () => {
    desk.listeningSinceMs = nowMs;
    desk.contacts.set(1, nowMs);
    desk.wrongStamps.set(1, vn("2026-12-24T09:00"));
    expect(until("2026-11-24T09:30").slice(0, 1)).toEqual(["opened agent xa-1 > xa-1"]);
    const told = desk.incidents.find(({ requirement }) => requirement === "agent")?.openedMs ?? 0;
    expect(told).toBeLessThan(vn("2026-11-24T09:30"));
    // The next word replaces the stamp.
    desk.wrongStamps.clear();
    desk.contacts.set(1, vn("2026-11-24T09:40"));
    until("2026-11-24T09:35");
    expect(desk.delivered.map(lineOf)).toContain("recovered agent xa-1 > xa-1");
  });

  it("with thirty others is one message to the province, and one when the last is back", () => {
    const dark = codes.slice(5, 35).map((_, at) => at + 6);
    heard("2026-11-24T08:00", dark);
    expect(until("2026-11-24T08:10")).toEqual(["storm agent 30 > cntt"]);
    expect(until("2026-11-24T10:30")).toEqual(["storm agent 30 > so-khcn"]);
    heard("2026-11-24T10:31", dark.slice(1));
    expect(until("2026-11-24T10:33")).toEqual([]);
    heard("2026-11-24T10:34", dark);
    expect(until("2026-11-24T10:38")).toEqual(["storm_over agent 30 > cntt", "storm_over agent 30 > so-khcn"]);
  });
});

describe("a storm of slow lines", () => {
  const phones = [
    { owner: "isp" as const, isp: "VNPT", number: "1800 1166" },
    { owner: "isp" as const, number: "1900 0000" },
    { owner: "province-it" as const, number: "0269 1" },
  ];
  const stormOf = (requirement: string, ispOf: (site: number) => string | undefined) => {
    desk = new AlertDesk(plan, calendar, { recipients, phones }, codes, undefined, (site) => ({ isp: ispOf(site) }));
    nowMs = vn("2026-11-24T08:00");
    desk.tick(nowMs);
    for (let site = 1; site <= 30; site++) bad(site, requirement);
    until("2026-11-24T08:10");
    return desk.delivered.find(({ message }) => message.kind === "storm")?.message;
  };

  it("names the providers, most centres first, and the number of the only one", () => {
    const several = stormOf("R01", (site) => (site <= 20 ? "VNPT" : site <= 28 ? "Viettel" : undefined));
    expect(several).toMatchObject({ count: 30, providers: [{ isp: "VNPT", centres: 20 }, { isp: "Viettel", centres: 8 }] }); // biome-ignore format: one line
    expect(several).not.toHaveProperty("phone");
    expect(several && mailOf(several).body).toContain("Nhà mạng: VNPT (20 trung tâm), Viettel (8 trung tâm)\n");
    const one = stormOf("R01", () => "VNPT");
    expect(one).toMatchObject({ providers: [{ isp: "VNPT", centres: 30 }], phone: "1800 1166" });
    expect(one && mailOf(one).body).toContain("Bên xử lý: Nhà mạng, điện thoại 1800 1166\n");
  });

  it("names none where nobody knows them, nor for what no line can cause", () => {
    const unknown = stormOf("R01", () => undefined);
    expect(unknown).not.toHaveProperty("providers");
    expect(unknown?.phone).toBe("1900 0000");
    expect(stormOf("R14", () => "VNPT")).not.toHaveProperty("providers");
  });
});

describe("the mail about one centre's line", () => {
  const mailAbout = (requirement: string, line: { isp?: string; contractNumber?: string }) => {
    desk = new AlertDesk(plan, calendar, { recipients }, codes, undefined, () => line);
    nowMs = vn("2026-11-24T08:00");
    desk.tick(nowMs);
    bad(1, requirement);
    until("2026-11-24T10:30");
    well(1, requirement);
    until("2026-11-24T15:00");
    return desk.delivered.map(({ message }) => [message.kind, mailOf(message).body] as const);
  };
  const declared = { isp: "VNPT", contractNumber: "GLI-HĐ/00123" };

  it("says who provides it and by which number he knows it, as long as it stands", () => {
    const mails = mailAbout("R01", declared);
    expect(new Set(mails.map(([kind]) => kind))).toEqual(new Set(["opened", "recovered"]));
    for (const [kind, body] of mails)
      for (const words of [
        "Nhà mạng: VNPT\nSố hợp đồng / mã thuê bao: GLI-HĐ/00123\n",
        "Internet provider: VNPT\nContract number / subscriber code: GLI-HĐ/00123\n",
      ])
        expect(body.includes(words), `${kind} ${words}`).toBe(kind !== "recovered");
  });

  it("says neither of another reception point, whose line has a contract of its own", () => {
    desk = new AlertDesk(plan, calendar, { recipients }, codes, undefined, () => declared);
    nowMs = vn("2026-11-24T08:00");
    desk.tick(nowMs);
    desk.signal(1, "R01", "bad", nowMs, { subject: "ia-ly" });
    until("2026-11-24T10:30");
    expect(desk.delivered.map(({ message }) => message.line)).toEqual([undefined]);
  });

  it("advises what mends the failure, where the plan advises for another one", () => {
    desk.backings.set(backingKey(1, "R02"), { waived: false, failure: { reason: "wifi_down" } });
    bad(1, "R02");
    bad(2, "R02");
    until("2026-11-24T10:30");
    const advice = desk.delivered.map(({ message }) => [message.centre, message.advice?.vi]);
    expect(advice).toContainEqual(["xa-1", expect.stringContaining("nguồn điện và dây mạng của bộ phát")]);
    expect(advice).toContainEqual(["xa-2", plan.requirements.find(({ id }) => id === "R02")?.advice.vi]);
  });

  it("advises each reception point by what fails there", () => {
    const at = (reason: "below_floor" | "wifi_down") => ({ failure: { reason } });
    const points = new Map([
      ["", at("below_floor")],
      ["ia-ly", at("wifi_down")],
    ]);
    desk.backings.set(backingKey(1, "R02"), { waived: false, ...at("below_floor"), points });
    for (const subject of ["", "ia-ly"]) desk.signal(1, "R02", "bad", nowMs, { subject });
    until("2026-11-24T10:30");
    const advice = desk.delivered.map(({ message }) => [message.title?.vi.includes("ia-ly"), message.advice?.vi]);
    expect(advice).toContainEqual([true, expect.stringContaining("nguồn điện và dây mạng của bộ phát")]);
    expect(advice).toContainEqual([false, plan.requirements.find(({ id }) => id === "R02")?.advice.vi]);
  });

  it("says neither of what no line can cause, nor what is not declared", () => {
    for (const [, body] of mailAbout("R05", declared)) expect(body).not.toMatch(/VNPT|GLI-HĐ/);
    for (const [, body] of mailAbout("R01", {})) expect(body).not.toMatch(/^Nhà mạng:|mã thuê bao/m);
  });
});

it("a reception point's problem ends where a new version of the policy demands it at the main office alone", () => {
  desk.signal(1, "R01", "bad", nowMs, { subject: "ia-ly" });
  bad(1, "R01");
  expect(until("2026-11-24T08:10")).toHaveLength(2);
  const policy = { ...plan, requirements: plan.requirements.map((one) => (one.id === "R01" ? { ...one, points: "main" as const } : one)) };
  const later = new AlertDesk(policy, calendar, { recipients }, codes);
  later.signal(1, "R01", "bad", nowMs, { subject: "ia-ly" });
  later.signal(1, "R01", "bad", nowMs);
  later.tick(nowMs + 3 * MINUTE);
  expect(later.incidents.map(({ subject, end }) => [subject, end])).toEqual([
    ["ia-ly", "dropped"],
    ["", undefined],
  ]);
});

describe("an area", () => {
  const areaOf = (site: number) => `Khu vực ${Math.ceil(site / 10)}`;
  const heard = (local: string, sites: readonly number[]) => {
    for (const site of sites) desk.contacts.set(site, vn(local));
  };
  const sites = codes.map((_, at) => at + 1);
  const dark = [1, 2, 3, 4, 5, 6];
  beforeEach(() => {
    desk = new AlertDesk(plan, calendar, { recipients }, codes, areaOf);
    nowMs = vn("2026-11-24T08:00");
    desk.tick(nowMs);
    heard("2026-11-24T08:00", sites);
  });

  it("in which most centres fall silent together is one message with its name, and one with the cause when the last is back", () => {
    heard(
      "2026-11-24T09:40",
      sites.filter((site) => !dark.includes(site)),
    );
    expect(until("2026-11-24T08:10")).toEqual(["storm agent 6 > cntt"]);
    expect(desk.delivered.at(-1)?.message).toMatchObject({ area: "Khu vực 1" });
    until("2026-11-24T09:00");
    for (const site of dark) desk.traces.set(site, { walks: new Map(), bootMs: vn("2026-11-24T08:58"), endedWell: false });
    for (; nowMs < vn("2026-11-24T09:06"); nowMs += MINUTE) {
      for (const site of dark) desk.contacts.set(site, nowMs);
      desk.tick(nowMs);
    }
    expect(desk.delivered.map(lineOf)).toEqual(["storm agent 6 > cntt", "storm_over agent 6 > cntt"]);
    expect(desk.delivered.at(-1)?.message).toMatchObject({ area: "Khu vực 1", cause: { code: "power", centres: 6 } });
  });

  it("in which a few of many fall silent is none: each is told alone", () => {
    heard(
      "2026-11-24T09:40",
      sites.filter((site) => ![1, 2, 3].includes(site)),
    );
    expect(until("2026-11-24T08:10").filter((line) => line.startsWith("storm"))).toEqual([]);
  });

  it("that stays dark hides nobody elsewhere", () => {
    heard(
      "2026-11-24T09:40",
      sites.filter((site) => !dark.includes(site) && site !== 35),
    );
    heard("2026-11-24T08:20", [35]);
    expect(until("2026-11-24T08:40").filter((line) => !line.startsWith("escalated"))).toEqual(["storm agent 6 > cntt", "opened agent xa-35 > cntt"]);
  });
});

it("a storm of which one centre is left takes in nobody who falls silent an hour later", () => {
  for (const site of codes.keys()) desk.contacts.set(site + 1, vn("2026-11-24T08:00"));
  const dark = Array.from({ length: 20 }, (_, at) => at + 1);
  const speak = (sites: readonly number[], to: string) => {
    for (; nowMs <= vn(to); nowMs += MINUTE) {
      for (const site of sites) desk.contacts.set(site, nowMs);
      desk.tick(nowMs);
    }
  };
  const others = codes.map((_, at) => at + 1).filter((site) => !dark.includes(site));
  speak(others, "2026-11-24T08:30");
  speak([...others, ...dark.slice(1)], "2026-11-24T09:20");
  speak(
    [...others, ...dark.slice(1)].filter((site) => site !== 30),
    "2026-11-24T09:30",
  );
  expect(desk.delivered.map(lineOf)).toEqual(["storm agent 20 > cntt", "opened agent xa-30 > cntt"]);
});

it("a storm of which a dozen stay dark takes in nobody the day after", () => {
  const dark = (sites: number, to: number) => {
    for (let site = sites; site <= to; site++) desk.contacts.set(site, nowMs - 10 * MINUTE);
  };
  const speak = (from: number, local: string) => {
    const lines: string[] = [];
    while (nowMs <= vn(local)) {
      for (let site = from; site <= 40; site++) desk.contacts.set(site, nowMs);
      lines.push(...desk.tick(nowMs).map(lineOf));
      nowMs += MINUTE;
    }
    return lines;
  };
  speak(1, "2026-11-24T08:01");
  dark(1, 15);
  expect(speak(16, "2026-11-24T08:40")).toContain("storm agent 15 > cntt");
  dark(16, 16);
  expect(speak(17, "2026-11-24T09:10").filter((line) => line.startsWith("opened"))).toEqual([]);
  speak(17, "2026-11-25T09:00");
  dark(17, 17);
  expect(speak(18, "2026-11-25T09:20")).toContain("opened agent xa-17 > cntt");
});

it("a storm says what to do, its end does not", () => {
  for (let site = 1; site <= 12; site++) bad(site, "R16");
  until("2026-11-24T08:20");
  for (let site = 1; site <= 12; site++) well(site, "R16");
  until("2026-11-24T08:40");
  const told = desk.delivered.map(({ message: { kind, advice } }) => `${kind} ${advice === undefined ? "-" : advice.vi.slice(0, 8)}`);
  expect([...new Set(told)]).toEqual(["storm Kiểm tra", "storm_over -"]);
});

describe("announced work and waivers", () => {
  const window = { id: "w", from: "2026-11-24", until: "2026-11-24", start: "08:00", end: "10:00", reason: "thay tủ mạng", person: "Anh Bình" };
  it.each([
    ["skip", [], ["opened R14 xa-1 > xa-1"], 0],
    ["mute", [], ["opened R14 xa-1 > xa-1"], 1],
    ["run", ["opened R14 xa-1 > xa-1"], [], 1],
  ] as const)("%s: messages meanwhile, after, and problems that count meanwhile", (mode, meanwhile, after, open) => {
    desk.windows = [{ ...window, mode }];
    bad(1, "R14");
    expect(until("2026-11-24T08:20")).toEqual(meanwhile);
    expect(desk.incidents.filter(({ state }) => state === "open")).toHaveLength(open);
    until("2026-11-24T09:58");
    expect(until("2026-11-24T10:02").filter((line) => line.startsWith("opened"))).toEqual(after);
  });

  it.each(["skip", "mute", "run"] as const)("%s: a recovery is told, whatever is announced", (mode) => {
    bad(1, "R14");
    until("2026-11-24T08:05");
    desk.windows = [{ ...window, mode }];
    well(1, "R14");
    expect(until("2026-11-24T08:20")).toEqual(["recovered R14 xa-1 > xa-1"]);
  });

  it("a problem that a waiver covers is told when the waiver is over", () => {
    desk.waive(1, "R14", true);
    bad(1, "R14");
    expect(until("2026-11-24T09:00")).toEqual([]);
    desk.waive(1, "R14", false);
    expect(until("2026-11-24T09:05")).toEqual(["opened R14 xa-1 > xa-1"]);
  });
});

describe("one reader", () => {
  it("gets so many messages per hour and then one digest; nothing is lost, no end comes before its beginning", () => {
    start("2026-11-24T08:00", { recipients: [{ owner: "*", channel: "smtp", to: "it", perHour: 3 }] });
    for (const requirement of ["R02", "R03", "R04", "R10", "R11", "R12", "R14", "R15"]) bad(1, requirement);
    const first = until("2026-11-24T08:30");
    expect(first).toHaveLength(3);
    well(1, "R15");
    const later = until("2026-11-24T09:30");
    expect(later.filter((line) => line.startsWith("capped"))).toHaveLength(1);
    const told = desk.delivered.flatMap(({ message }) => [message, ...(message.items ?? [])]).flatMap(({ requirement }) => requirement ?? []);
    expect(new Set(told).size).toBe(8);
  });
});

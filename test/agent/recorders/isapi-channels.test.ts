import { expect, it } from "vitest";
import { parseXml } from "../../../agent/io/xml.ts";
import { projectDays } from "../../../agent/probes/recording-depth/projection.ts";
import { channelsOf } from "../../../agent/recorders/isapi-channels.ts";
import { readInputs } from "../../../agent/recorders/isapi-inputs.ts";

const track = (id: number) => `<Track><id>${id}</id><Enable>true</Enable><DefaultRecordingMode>CMR</DefaultRecordingMode></Track>`;
const stream = (id: number, video: string) => `<StreamingChannel><id>${id}</id><Video>${video}</Video></StreamingChannel>`;
const constant = (kbps: number | string) =>
  `<videoQualityControlType>CBR</videoQualityControlType><constantBitRate>${kbps}</constantBitRate><vbrUpperCap>9999</vbrUpperCap>`;
const variable = (kbps: number) =>
  `<videoQualityControlType>VBR</videoQualityControlType><constantBitRate>9999</constantBitRate><vbrUpperCap>${kbps}</vbrUpperCap>`;
const list = (name: string, body: string) => parseXml(`<${name}>${body}</${name}>`, "192.0.2.20");

it.each([
  ["of a constant rate", [track(101)], [stream(101, constant(4096))], 4096],
  ["of a variable rate: its cap", [track(101)], [stream(101, variable(6144))], 6144],
  ["of both streams, where both are recorded", [track(101), track(102)], [stream(101, constant(4096)), stream(102, variable(512))], 4608],
  ["of the main one alone, where the other is not recorded", [track(101)], [stream(101, constant(4096)), stream(102, variable(512))], 4096],
  ["that are not told", [track(101)], [], undefined],
  ["that are no numbers", [track(101)], [stream(101, constant("-1"))], undefined],
])("limits of the encoders %s", (_name, tracks, streams, kbps) => {
  const [channel] = channelsOf(list("TrackList", tracks.join("")), list("StreamingChannelList", streams.join("")), undefined);
  expect(channel).toMatchObject({ channel: "101", mode: "continuous", bitrateKbps: kbps });
});

it("where the picture of a channel comes from: a camera's address, a socket, or not told", async () => {
  const added = (id: number, address: string) =>
    `<InputProxyChannel><id>${id}</id><sourceInputPortDescriptor><ipAddress>${address}</ipAddress></sourceInputPortDescriptor></InputProxyChannel>`;
  const lists: Record<string, string> = {
    InputProxy: `<InputProxyChannelList>${added(2, "10.1.0.21")}${added(3, "cam.example")}${added(4, "0.0.0.0")}</InputProxyChannelList>`,
    Video: "<VideoInputChannelList><VideoInputChannel><id>1</id></VideoInputChannel></VideoInputChannelList>",
  };
  const inputs = await readInputs(async (path) => parseXml(lists[path.split("/")[3] ?? ""] ?? "", "192.0.2.20"));
  const channels = channelsOf(list("TrackList", [101, 201, 301, 401].map(track).join("")), undefined, inputs);
  expect(channels.map(({ source }) => source)).toEqual(["analogue", "10.1.0.21", undefined, undefined]);
});

const described = (id: number, words: string, more = "") =>
  `<Track><id>${id}</id><Enable>false</Enable><Description>${words}</Description><DefaultRecordingMode>CMR</DefaultRecordingMode>${more}</Track>`;
const ofStream = "trackType=standard,contentType=video,codecType=H.264-BP,resolution=2560x1440,framerate=25.0 fps,bitrate=3072 kbps";

it("a channel has the name that stands on the recorder's screen, and never the description of its stream", async () => {
  const lists: Record<string, string> = {
    InputProxy: "<InputProxyChannelList><InputProxyChannel><id>1</id><name>Quầy 1</name></InputProxyChannel></InputProxyChannelList>",
    Video: "<VideoInputChannelList><VideoInputChannel><id>2</id><name>Khu chờ</name></VideoInputChannel></VideoInputChannelList>",
  };
  const inputs = await readInputs(async (path) => parseXml(lists[path.split("/")[3] ?? ""] ?? "", "192.0.2.20"));
  const tracks = [described(101, ofStream), described(201, ofStream), described(301, ofStream), described(401, "Cổng sau")].join("");
  expect(channelsOf(list("TrackList", tracks), undefined, inputs).map(({ name }) => name)).toEqual(["Quầy 1", "Khu chờ", "301", "Cổng sau"]);
});

it.each([
  ["on", "<enableSchedule>true</enableSchedule>", true],
  ["off", "<enableSchedule>false</enableSchedule>", false],
  ["not told", "", undefined],
])("a schedule of recording is %s by its own word, whatever the track's Enable is", (_name, told, enabled) => {
  const extension = `<CustomExtensionList><CustomExtension>${told}</CustomExtension></CustomExtensionList>`;
  expect(channelsOf(list("TrackList", described(101, ofStream, extension)), undefined, undefined)[0]?.enabled).toBe(enabled);
});

it("a recorder of 64 with a main, a sub and a picture track for each has 64 channels", () => {
  const tracks = Array.from({ length: 64 }, (_, index) => [1, 2, 3].map((stream) => track((index + 1) * 100 + stream)).join(""));
  const channels = channelsOf(list("TrackList", tracks.join("")), undefined, undefined);
  expect(channels.map(({ channel }) => channel)).toEqual(Array.from({ length: 64 }, (_, index) => `${index + 1}01`));
});

it("a disk is projected by the limits of the encoders where nothing better is known, as a range", () => {
  const found = projectDays({
    requiredDays: 30,
    totalBytes: 4e12,
    growthBytesPerDay: undefined,
    segmentBytesPerDay: undefined,
    bitrateLimitKbps: 16 * 4096,
    channels: 16,
    marginPercent: 10,
  });
  // 16 channels at 4,096 kbit/s write 0.708 TB a day at most; 93 % of 4 TB hold 5.3 such days.
  expect(found.daysMin).toBeLessThan(5.3);
  expect(found.daysMax).toBeGreaterThan(5.3);
  expect(found.basis).toBe("bitrate_limits");
  expect(found.missingTb).toBeGreaterThan(10);
});

import { expect, it } from "vitest";
import { parseXml } from "../../../agent/io/xml.ts";
import { disksOf as dahuaDisksOf } from "../../../agent/recorders/dahua.ts";
import { readRows } from "../../../agent/recorders/dahua-rows.ts";
import { isHealthyState } from "../../../agent/recorders/disk-state.ts";
import { disksOf } from "../../../agent/recorders/isapi-disks.ts";

it.each<[string, boolean | undefined]>([
  ["ok", true],
  ["idle", true],
  ["Sleeping", true],
  ["Success", true],
  ["Running", true],
  ["Active", true],
  ["error", false],
  ["smartFailed", false],
  ["unformatted", false],
  ["notexist", false],
  ["Not Exist", false],
  ["Degraded", false],
  ["Failure", false],
  ["formating", undefined],
  ["reparing", undefined],
  ["Initializing", undefined],
  ["", undefined],
  ["a word of tomorrow", undefined],
])("a disk whose recorder says %j: well %j", (word, expected) => {
  expect(isHealthyState(word)).toBe(expected);
});

it.each([
  ["<status>ok</status><property>RW</property>", true],
  ["<status>ok</status>", true],
  ["<status>ok</status><property>RO</property>", false],
  ["<status>reparing</status><property>RO</property>", false],
  ["<status>reparing</status><property>RW</property>", undefined],
  ["<property>RW</property>", undefined],
])("ISAPI: %s", (told, healthy) => {
  const storage = parseXml(`<storage><hddList><hdd><id>1</id>${told}</hdd></hddList></storage>`, "192.0.2.20");
  expect(disksOf(storage)).toMatchObject([{ disk: "1", healthy }]);
});

it.each([
  ["State=Success", ["Type=ReadWrite", "IsError=false"], true],
  ["State=Running", ["Type=Read-Write"], true],
  ["State=Success", ["Type=Read-Only"], false],
  ["State=Success", ["Type=ReadWrite", "IsError=true"], false],
  ["State=Error", [], false],
  ["State=Initializing", ["Type=ReadWrite"], undefined],
])("Dahua: %s %j", (state, details, healthy) => {
  const rows = [`list.info[0].${state}`, ...details.map((detail) => `list.info[0].Detail[0].${detail}`)];
  expect(dahuaDisksOf(readRows(rows.join("\r\n")))).toMatchObject([{ healthy }]);
});

it("Dahua: a part that is only read beside one that is written does not make the disk faulty", () => {
  const rows = ["Name=sda", "State=Success", "Detail[0].Type=ReadWrite", "Detail[1].Type=ReadOnly"].map((row) => `list.info[0].${row}`);
  expect(dahuaDisksOf(readRows(rows.join("\n")))).toMatchObject([{ disk: "sda", healthy: true }]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { views } from "../../dashboards/views.ts";
import { dashboardsOf, generatedFolder } from "../support/dashboard-queries.ts";
import { projectRoot } from "../support/source-files.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const source = read("deploy/grafana/provisioning/datasources/hcc-watch.yaml");
const providers = read("deploy/grafana/provisioning/dashboards/hcc-watch.yaml");
const compose = read("deploy/compose.yaml");

describe("provisioning", () => {
  it("names one data source in the source file, the dashboards and the alert rules", () => {
    const [, uid = ""] = /uid: (\S+)/.exec(source) ?? [];
    const rules = readFileSync(join(generatedFolder, "alerting/hcc-watchdog.json"), "utf8");
    expect(rules.match(/"datasourceUid": "(?!__expr__)([^"]+)"/g)?.every((found) => found.includes(uid))).toBe(true);
    for (const dashboard of dashboardsOf("vi")) expect(JSON.stringify(dashboard.templating.list[0])).toContain(`"value":"${uid}"`);
  });

  it("reads as grafana_ro, with a default database, and keeps no password in the file", () => {
    expect(source).toContain("user: grafana_ro");
    expect(source).toMatch(/jsonData:\n {6}database: \$/);
    expect(source).toMatch(/password: \$HCC_GRAFANA_DB_PASSWORD/);
  });

  it("takes every setting that it uses from the compose file", () => {
    const used = new Set(`${source}${providers}`.match(/\$[A-Z_]+/g)?.map((name) => name.slice(1)));
    expect(used.size).toBeGreaterThan(3);
    for (const name of used) expect(compose, name).toContain(`${name}:`);
  });

  it("has one provider and one folder per language, fed from where the compose file puts the generated files", () => {
    for (const lang of ["vi", "en"]) expect(providers).toContain(`path: /etc/hcc-watch/dashboards/${lang}`);
    expect(new Set(providers.match(/folderUid: \S+/g)).size).toBe(2);
    expect(providers.match(/allowUiUpdates: false/g)).toHaveLength(2);
    expect(compose).toContain("../dashboards/generated:/etc/hcc-watch/dashboards:ro");
    expect(compose).toContain("./grafana/provisioning:/etc/grafana/provisioning:ro");
  });

  it("does not replace the notification policies of the organisation", () => {
    expect(Object.keys(JSON.parse(readFileSync(join(generatedFolder, "alerting/hcc-watchdog.json"), "utf8")) as object)).toEqual(["apiVersion", "groups"]);
  });
});

describe("docs/grafana-views.md", () => {
  it("describes every view and every column", () => {
    const doc = read("docs/grafana-views.md");
    for (const [view, columns] of Object.entries(views)) {
      const [, section = ""] = doc.split(`### ${view}\n`);
      expect(section, view).not.toBe("");
      const own = section.split("\n### ")[0] ?? "";
      for (const column of columns.split(" "))
        expect(
          own.includes(`\`${column}\``) || doc.split("\n## Columns that return")[1]?.split("\n## ")[0]?.includes(`\`${column}\``),
          `${view}.${column}`,
        ).toBe(true);
    }
  });
});

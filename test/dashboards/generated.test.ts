import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { boardFiles } from "../../dashboards/boards.ts";
import { dashboardsOf, generatedFolder } from "../support/dashboard-queries.ts";

describe("dashboards/generated", () => {
  it("holds exactly what the sources give; `npm run dashboards` writes it anew", () => {
    const onDisk = readdirSync(generatedFolder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".json"));
    const built = boardFiles();
    expect(onDisk.sort()).toEqual(built.map(({ path }) => path).sort());
    for (const { path, text } of built) expect(readFileSync(join(generatedFolder, path), "utf8"), path).toBe(text);
  });

  it("has the same panels, queries, places and variables in both languages; only words differ", () => {
    const shape = (lang: "vi" | "en") =>
      dashboardsOf(lang).map((dashboard) => ({
        uid: dashboard.uid.replace(/-en$/, ""),
        panels: dashboard.panels.map(({ id, type, gridPos, targets }) => ({
          id,
          type,
          gridPos,
          sql: targets?.map(({ rawSql }) => rawSql.replaceAll("title_en", "title_vi")),
        })),
        variables: dashboard.templating.list.map(({ name, query }) => ({ name, query })),
        time: dashboard.time,
      }));
    expect(shape("en")).toEqual(shape("vi"));
    const titles = (lang: "vi" | "en") => dashboardsOf(lang).flatMap(({ panels }) => panels.map(({ title }) => title));
    const same = titles("vi").filter((title, index) => title === titles("en")[index]);
    expect(same).toEqual([]);
  });

  it("says in each description which questions a dashboard answers", () => {
    for (const lang of ["vi", "en"] as const) {
      const list = dashboardsOf(lang);
      expect(list).toHaveLength(10);
      for (const { uid, description } of list) expect(description, uid).toContain("?");
    }
  });
});

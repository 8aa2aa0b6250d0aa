import { describe, expect, it } from "vitest";
import { accessTable } from "../../../collector/routes/access-table.ts";
import { bareApp } from "../../support/bare-app.ts";

const handlers = bareApp().routes.filter(({ method, path }) => !(method === "ALL" && path === "/*"));
const routes = [...new Set(handlers.map(({ method, path }) => `${method} ${path}`))];

describe("the access table", () => {
  it("has a line for every route", () => {
    expect(routes.length).toBeGreaterThan(20);
    const unclassified = routes.filter((route) => !Object.hasOwn(accessTable, route));
    const advice = "add a line to collector/routes/access-table.ts: who may call it (anyone, agent, people and their roles) and where its centre stands";
    expect(unclassified, advice).toEqual([]);
  });

  it("has no line for a route that is not there", () => {
    expect(Object.keys(accessTable).filter((line) => !routes.includes(line))).toEqual([]);
  });
});

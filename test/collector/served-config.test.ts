import { expect, it } from "vitest";
import { readConfig } from "../../collector/config.ts";
import { serversOf } from "../../collector/served-config.ts";

it.each([
  [
    "the speed test beside the collector speaks plain HTTP, whatever stands before the pages",
    { HCC_PUBLIC_URL: "https://hcc.gialai.gov.vn" },
    "http://hcc.gialai.gov.vn:8891",
  ],
  ["so it does beside a collector with TLS of its own", { HCC_TLS_CERT: "a", HCC_TLS_KEY: "b" }, "http://127.0.0.1:8891"],
  ["its port is the one of the settings", { HCC_PUBLIC_URL: "https://hcc.gialai.gov.vn:8443/", HCC_MEASURE_PORT: "9000" }, "http://hcc.gialai.gov.vn:9000"],
  ["without one there is none", { HCC_MEASURE_PORT: "0" }, undefined],
])("%s", (_, environment, url) => {
  expect(serversOf(readConfig(environment)).map((server) => server.url)).toEqual(url === undefined ? [] : [url]);
});

it("the speed test listens where the collector does, or where it is told to", () => {
  expect(readConfig({ HCC_HOST: "10.0.0.5" })).toMatchObject({ host: "10.0.0.5", measureHost: "10.0.0.5" });
  expect(readConfig({ HCC_MEASURE_HOST: "0.0.0.0" })).toMatchObject({ host: "127.0.0.1", measureHost: "0.0.0.0" });
});

import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { Lang } from "#schemas/words.ts";
import { alerts } from "./alerts.ts";
import { cameras } from "./cameras.ts";
import { centre } from "./centre.ts";
import { collector } from "./collector.ts";
import { devices } from "./devices.ts";
import { fleet } from "./fleet.ts";
import { link } from "./link.ts";
import { type Page, type PageName, page, pageNames } from "./page.ts";
import { portals } from "./portals.ts";
import { province } from "./province.ts";
import { watchdog } from "./watchdog.ts";
import { wifi } from "./wifi.ts";

const sources: Readonly<Record<PageName, (page: Page) => Dashboard>> = { province, centre, link, wifi, cameras, devices, portals, fleet, alerts, collector };

/** A generated file: where it lies under dashboards/generated, and its text. */
export type BoardFile = { readonly path: string; readonly text: string };

/** Every dashboard in every language and the watchdog's rules as the text of their files. Pure: equal sources give equal bytes. */
export function boardFiles(): readonly BoardFile[] {
  const rules = { path: "alerting/hcc-watchdog.json", text: `${JSON.stringify(watchdog(), null, 2)}\n` };
  const dashboards = Lang.options.flatMap((lang) =>
    pageNames.map((name) => {
      const dashboard = sources[name](page(name, lang));
      return { path: `${lang}/${dashboard.uid}.json`, text: `${JSON.stringify(dashboard, null, 2)}\n` };
    }),
  );
  return [...dashboards, rules];
}

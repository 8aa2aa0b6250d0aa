import { html } from "hono/html";
import { MAIN_POINT } from "#schemas/inventory.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { DeviceBrief } from "./device-brief.ts";
import { type DeviceState, deviceMarks, deviceState, deviceStates } from "./device-view.ts";
import { type Html, icon } from "./markup.ts";

/** The address of a device's page. What an agent calls a device may hold anything. */
export function devicePath(centre: string, device: string): string {
  return `/centres/${centre}/devices/${encodeURIComponent(device)}`;
}

/** A device's state as picture and word. */
export function deviceBadge(lang: Lang, state: DeviceState): Html {
  const mark = deviceMarks[state];
  return html`<span class="b b-${mark}">${icon(mark)}${text(lang, `web.device.${state}`)}</span>`;
}

/** What a device is called: its role and its id, or the name that the centre gave it. */
export function deviceKind(lang: Lang, { role }: DeviceBrief): string {
  return role === undefined ? text(lang, "web.device.noRole") : text(lang, `device.role.${role}`);
}

/** The reception point of a device that is declared elsewhere than at the main office, in words. */
export function devicePlace(lang: Lang, { point }: DeviceBrief): string | undefined {
  return point === undefined || point === MAIN_POINT ? undefined : pointWord(lang, point);
}

/** Devices of a centre, silent ones first, each leading to its page. */
export function deviceList(lang: Lang, centre: string, devices: readonly DeviceBrief[], nowMs: number): Html {
  if (devices.length === 0) return html`<p class="note">${text(lang, "web.devices.none")}</p>`;
  const groups = Map.groupBy(devices, (device) => deviceState(device, nowMs));
  return html`${deviceStates.flatMap((state) => {
    const own = groups.get(state) ?? [];
    return own.length === 0
      ? []
      : [
          html`<h3>${deviceBadge(lang, state)} <span class="count">${own.length}</span></h3>
<ul class="devices">${own.map((device) => html`<li><a href="${devicePath(centre, device.id)}">${device.id}</a> <span class="note">${[deviceKind(lang, device), devicePlace(lang, device) ?? []].flat().join(", ")}</span></li>`)}</ul>`,
        ];
  })}`;
}

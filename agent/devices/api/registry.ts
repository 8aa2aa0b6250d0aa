import { DeviceError } from "../../io/device-error.ts";
import type { ApiSession } from "./api-session.ts";
import { mikrotikApi } from "./mikrotik.ts";
import { omadaApi } from "./omada.ts";
import { openwrtApi } from "./openwrt.ts";
import { unifiApi } from "./unifi.ts";
import type { WifiApi } from "./wifi-api.ts";

/** Every HTTP API that tells of Wi-Fi clients, one line each. */
export const wifiApis: readonly WifiApi[] = [unifiApi, omadaApi, mikrotikApi, openwrtApi];

/** Finds out which API a device speaks, without credentials. @throws DeviceError when it speaks none or does not answer */
export async function findApi(session: ApiSession): Promise<WifiApi> {
  for (const api of wifiApis) if (await api.fits(session)) return api;
  throw new DeviceError("unsupported", `${session.device} answers HTTP but speaks none of: ${wifiApis.map(({ id }) => id).join(", ")}`);
}

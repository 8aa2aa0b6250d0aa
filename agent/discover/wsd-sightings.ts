import type { DeviceRole } from "#schemas/inventory.ts";
import { DEVICES_IN_PARALLEL, inParallel } from "../io/in-parallel.ts";
import type { Io } from "../io/io.ts";
import type { WsdDevice } from "../io/wsd.ts";
import { describeWsdDevice } from "../io/wsd-device.ts";
import type { Sighting } from "./merge.ts";

const rolesOfType: Readonly<Record<string, DeviceRole>> = {
  PrintDeviceType: "printer",
  ScanDeviceType: "scanner",
  Computer: "officer-pc",
  NetworkVideoTransmitter: "camera",
};
/** Each is asked for on its own, since many devices answer only to the type that they are. */
const askedTypes = ["wsdp:Device", "wscn:ScanDeviceType", "wprt:PrintDeviceType", "dn:NetworkVideoTransmitter"] as const;
/** Roles whose devices are asked for maker, model and serial number. */
const described: ReadonlySet<DeviceRole> = new Set(["printer", "scanner"]);
const DESCRIBED_MAX = 64;

/** Who answers WS-Discovery inside the networks that are searched. Printers and scanners are asked for their description. Never rejects. */
export async function wsdSightings(io: Io, inside: (address: string) => boolean, signal: AbortSignal): Promise<readonly Sighting[]> {
  const answers = await Promise.all(askedTypes.map((type) => io.wsdProbe([type], signal).catch(() => [])));
  const devices = answers.flat().filter(({ address }) => inside(address));
  const whole = joined(devices);
  const machines = whole.filter((device) => rolesOf(device).some((role) => described.has(role))).slice(0, DESCRIBED_MAX);
  const descriptions = new Map(
    await inParallel(
      machines,
      DEVICES_IN_PARALLEL,
      async (device) => [device, await describeWsdDevice(io.lanHttp, device, signal).catch(() => undefined)] as const,
    ),
  );
  return whole.map((device): Sighting => {
    const { vendor, model, serial } = descriptions.get(device) ?? {};
    const { address, uuid } = device;
    return { source: "wsd", address, uuid, roles: rolesOf(device), name: scope(device, "name"), vendor, model: model ?? scope(device, "hardware"), serial };
  });
}

/** One device for all its answers. */
function joined(answers: readonly WsdDevice[]): readonly WsdDevice[] {
  const byKey = new Map<string, WsdDevice>();
  for (const answer of answers) {
    const key = `${answer.address} ${answer.uuid}`;
    const { types = [], urls = [], ...rest } = byKey.get(key) ?? answer;
    byKey.set(key, { ...rest, types: [...new Set([...types, ...answer.types])], urls: [...new Set([...urls, ...answer.urls])] });
  }
  return [...byKey.values()];
}

function rolesOf({ types }: WsdDevice): readonly DeviceRole[] {
  return [...new Set(types.flatMap((type) => rolesOfType[type] ?? []))];
}

/** The last part of a scope such as `onvif://www.onvif.org/name/Lobby`. */
function scope({ scopes }: WsdDevice, name: string): string | undefined {
  const text = scopes
    .find((one) => one.includes(`/${name}/`))
    ?.split("/")
    .at(-1);
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return text;
  }
}

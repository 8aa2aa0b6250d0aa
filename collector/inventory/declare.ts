import type { Centre, Device } from "#schemas/inventory.ts";
import type { DeclaredDevices } from "./device-file.ts";

/** The centres with their devices as a file declares them; centres that the file does not name are not among them. Pure. */
export function withDevices(centres: Iterable<Centre>, declared: DeclaredDevices): readonly Centre[] {
  return [...centres].flatMap((centre) => {
    const devices = declared.get(centre.code);
    if (devices === undefined) return [];
    const before = new Map(centre.devices.map((device) => [device.id, device]));
    // The paper of a repair has no column: it stays with its device.
    return [{ ...centre, devices: devices.map((device) => ({ ...device, ...servicedOf(before.get(device.id)) })) }];
  });
}

function servicedOf(before: Device | undefined): Pick<Device, "serviced"> {
  return before?.serviced ? { serviced: before.serviced } : {};
}

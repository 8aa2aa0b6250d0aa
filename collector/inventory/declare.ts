import type { Centre, Device } from "#schemas/inventory.ts";
import type { DeviceTable } from "./device-file.ts";

/**
 * The centres with their devices as a file declares them; centres that the file does not name are not among them. Pure. Without `hasPoints` a device stays at its
 * reception point: the file has no column for it.
 */
export function withDevices(centres: Iterable<Centre>, { devices: declared, hasPoints }: Pick<DeviceTable, "devices" | "hasPoints">): readonly Centre[] {
  return [...centres].flatMap((centre) => {
    const devices = declared.get(centre.code);
    if (devices === undefined) return [];
    const before = new Map(centre.devices.map((device) => [device.id, device]));
    // The paper of a repair has no column: it stays with its device.
    return [
      {
        ...centre,
        devices: devices.map((device) => ({ ...device, ...(!hasPoints && pointOfKnown(before.get(device.id))), ...servicedOf(before.get(device.id)) })),
      },
    ];
  });
}

function pointOfKnown(before: Device | undefined): Pick<Device, "point"> {
  return before?.point === undefined ? {} : { point: before.point };
}

function servicedOf(before: Device | undefined): Pick<Device, "serviced"> {
  return before?.serviced ? { serviced: before.serviced } : {};
}

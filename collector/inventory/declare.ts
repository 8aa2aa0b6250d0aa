import type { Centre, Device } from "#schemas/inventory.ts";
import type { DeclaredDevices } from "./device-file.ts";

/** What a file changes at one centre. */
export type CentreChange = {
  readonly centre: Centre;
  readonly total: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
};

/** The centres with their devices as the file declares them; centres that the file does not name are not among them. Pure. */
export function changesOf(centres: readonly Centre[], declared: DeclaredDevices): readonly CentreChange[] {
  return centres.flatMap((centre) => {
    const devices = declared.get(centre.code);
    if (devices === undefined) return [];
    const before = new Map(centre.devices.map((device) => [device.id, device]));
    const after = new Set(devices.map(({ id }) => id));
    return [
      {
        // The paper of a repair has no column: it stays with its device.
        centre: { ...centre, devices: devices.map((device) => ({ ...device, ...servicedOf(before.get(device.id)) })) },
        total: devices.length,
        added: devices.filter(({ id }) => !before.has(id)).length,
        changed: devices.filter((device) => isOther(before.get(device.id), device)).length,
        removed: centre.devices.filter(({ id }) => !after.has(id)).length,
      },
    ];
  });
}

function servicedOf(before: Device | undefined): Pick<Device, "serviced"> {
  return before?.serviced ? { serviced: before.serviced } : {};
}

function isOther(before: Device | undefined, after: Device): boolean {
  const fields = ["role", "name", "address", "vendor", "model", "serial"] as const;
  return before !== undefined && fields.some((field) => before[field] !== after[field]);
}

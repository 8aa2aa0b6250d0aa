import type { DeviceRole } from "#schemas/inventory.ts";
import type { Evidence, Reading } from "#schemas/observation.ts";
import type { DeviceAnswer } from "./device-answer.ts";

/** Supplies shown of one printer: a colour machine has four toners, four drums, a belt and a fuser. */
const SUPPLIES_MAX = 12;

/** Makes the readings and the evidence of a run out of what the devices showed. Pure. */
export function judge(answers: readonly DeviceAnswer[]): { readonly readings: readonly Reading[]; readonly evidence: Evidence } {
  const roles = [...new Set(answers.map(({ role }) => role))];
  const seen = (role?: DeviceRole) => answers.filter((answer) => answer.up && (role === undefined || answer.role === role)).length;
  return {
    readings: [
      { metric: "devices_seen", value: seen() },
      ...roles.map((role): Reading => ({ metric: "devices_seen", value: seen(role), labels: { role } })),
      ...answers.flatMap(readingsOf),
    ],
    evidence: { devices: answers.map(evidenceOf) },
  };
}

/** The same where some devices are cut off from this PC: how many there are in the office is then not told. Pure. */
export function judgePart(answers: readonly DeviceAnswer[]): { readonly readings: readonly Reading[]; readonly evidence: Evidence } {
  return { readings: answers.flatMap(readingsOf), evidence: { devices: answers.map(evidenceOf), partial: true } };
}

function readingsOf({ label: device, role, up, method, printer, scanner }: DeviceAnswer): Reading[] {
  const readings: Reading[] = [{ metric: "device_up", value: up ? 1 : 0, labels: { device, role, ...(method && { method }) } }];
  // Silence says that it does not work here and now; a mere open port says nothing about its state.
  if (role === "printer" || role === "copier") {
    const works = up ? printer?.working : false;
    if (works !== undefined) readings.push({ metric: "printer_working", value: works ? 1 : 0, labels: { device, role } });
    for (const { name: supply, percent } of printer?.supplies.slice(0, SUPPLIES_MAX) ?? [])
      readings.push({ metric: "printer_supply_percent", value: percent, labels: { device, supply } });
    if (printer?.pages !== undefined) readings.push({ metric: "printer_pages", value: printer.pages, labels: { device } });
  }
  if (role === "scanner" && (!up || scanner)) readings.push({ metric: "scanner_ready", value: scanner?.ready ? 1 : 0, labels: { device } });
  return readings;
}

function evidenceOf({ label: device, role, up, method, printer, scanner, trouble }: DeviceAnswer) {
  return {
    device,
    role,
    up,
    ...(method && { method }),
    ...(printer && { faults: [...printer.faults], consumables: [...printer.consumables], warnings: [...printer.warnings] }),
    ...(scanner && { state: scanner.state, ...(scanner.feeder !== undefined && { feeder: scanner.feeder }) }),
    ...(trouble && { reason: trouble.reason, message: trouble.message }),
  };
}

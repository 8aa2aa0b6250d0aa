import { type FoundDevice, plainSerial } from "#schemas/asset-ledger.ts";
import { type DiscoveryEvidence, FOUND_MAX } from "#schemas/discovery-evidence.ts";
import type { DeviceRole } from "#schemas/inventory.ts";
import { Evidence, type Reading } from "#schemas/observation.ts";
import type { Proposal } from "../../discover/merge.ts";
import type { Measured } from "../../probe.ts";

type Known = { readonly networks: readonly string[]; readonly targets: readonly { readonly id: string; readonly address: string }[] };

/** Roles of things that people carry along. */
const personal: ReadonlySet<DeviceRole> = new Set(["officer-pc", "citizen-pc"]);

/** Makes the readings and the evidence of a search. A PC that is not declared may be a citizen's: it is counted, and nothing of it is told. Pure. */
export function tell(proposals: readonly Proposal[], { networks, targets }: Known): Measured {
  const known = new Map(targets.map(({ id, address }) => [address, id]));
  const found: FoundDevice[] = [];
  let unknownComputers = 0;
  for (const proposal of proposals) {
    const device = proposal.addresses.map((address) => known.get(address)).find((id) => id !== undefined);
    if (device === undefined && proposal.faces.every((role) => personal.has(role))) unknownComputers++;
    else found.push(...toldOf(proposal, device));
  }
  const roles = [...new Set(found.flatMap(({ roles }) => roles))].sort();
  const readings = roles.map((role): Reading => ({ metric: "devices_found", value: found.filter((one) => one.roles.includes(role)).length, labels: { role } }));
  const dropped = Math.max(0, found.length - FOUND_MAX);
  const evidence: DiscoveryEvidence = { networks: [...networks], found: found.slice(0, FOUND_MAX), unknownComputers, ...(dropped > 0 && { dropped }) };
  return { readings: [{ metric: "devices_found", value: found.length }, ...readings], evidence: Evidence.parse(evidence) };
}

/** Nothing for a device that cannot be told from others: no serial number, and no address on the wire since it lies behind a router. */
function toldOf({ device: { role, address, serial, vendor, model }, faces, identity }: Proposal, id: string | undefined): FoundDevice[] {
  const own = identity ?? (plainSerial(serial) === undefined ? undefined : `serial ${serial}`);
  if (own === undefined || address === undefined) return [];
  const words = { ...(serial !== undefined && { serial }), ...(vendor !== undefined && { vendor }), ...(model !== undefined && { model }) };
  const roles = faces.length > 0 ? faces.slice(0, 8) : [role];
  return [{ identity: own, roles: [...roles], address, ...words, ...(id !== undefined && { device: id }) }];
}

import { MAIN_POINT } from "#schemas/inventory.ts";
import type { LeaseStore } from "../lease/lease-store.ts";
import { placeOfLine, type SlotState } from "../lease/slots.ts";
import { type Db, instantMs } from "./db.ts";

type LeaseRow = { lease_id: string; agent_id: string; site: string; isp: string; server: string; granted_ms: number; expires_ms: number; bytes_max: number };

/** Leases in the database: any number of collectors share them, and a restart forgets none. */
export function leaseStore(db: Db): LeaseStore {
  return {
    grant: ({ asker, server, nowMs, monthStartMs, usualBytes }, decide) =>
      db.transaction(async (tx) => {
        await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`lease ${server}`]);
        const holding = await tx.query<LeaseRow>(
          `SELECT l.lease_id, l.agent_id, s.centre_code AS site, l.isp, l.server, ${instantMs("l.granted_at")} AS granted_ms, ${instantMs("l.expires_at")} AS expires_ms, l.bytes_max::float8 AS bytes_max
           FROM lease l JOIN site s USING (site_id) WHERE l.server = $1 AND l.returned_at IS NULL AND l.expires_at > to_timestamp($2::float8 / 1000)`,
          [server, nowMs],
        );
        const { centre, point } = placeOfLine(asker.site);
        const [own] = await tx.query<{
          last_ms: number | null;
          last_server: string | null;
          full_since_ms: number | null;
          full_bytes: number | null;
          bytes: number;
        }>(
          `SELECT ${instantMs("max(l.granted_at) FILTER (WHERE l.used_bytes IS DISTINCT FROM 0)")} AS last_ms,
             ${instantMs("coalesce(max(l.granted_at) FILTER (WHERE l.pass_ms > 0 AND l.used_bytes IS DISTINCT FROM 0), min(l.granted_at) FILTER (WHERE l.pass_ms IS NOT NULL))")} AS full_since_ms,
             (array_agg(l.server ORDER BY l.granted_at DESC) FILTER (WHERE l.used_bytes IS DISTINCT FROM 0))[1] AS last_server,
             (array_agg(l.used_bytes::float8 ORDER BY l.granted_at DESC) FILTER (WHERE l.pass_ms > 0 AND l.used_bytes > 0))[1] AS full_bytes,
             coalesce(sum(coalesce(l.used_bytes, CASE WHEN l.pass_ms > 0 THEN $4::bigint ELSE $3::bigint END)) FILTER (WHERE l.granted_at >= to_timestamp($2::float8 / 1000)), 0)::float8 AS bytes
           FROM lease l JOIN site s USING (site_id) LEFT JOIN agent a ON a.site_id = l.site_id AND a.agent_id = l.agent_id
           WHERE s.centre_code = $1 AND coalesce(a.point, '${MAIN_POINT}') = $5 AND l.granted_at > to_timestamp($2::float8 / 1000) - interval '31 days'`,
          [centre, monthStartMs, usualBytes.short, usualBytes.fullLength, point],
        );
        const state: SlotState = {
          holding: holding.map(granted),
          lastGrantMs: own?.last_ms ?? undefined,
          lastServer: own?.last_server ?? undefined,
          fullSinceMs: own?.full_since_ms ?? undefined,
          fullBytes: own?.full_bytes ?? undefined,
          monthBytes: own?.bytes ?? 0,
        };
        const lease = decide(state);
        if (lease) {
          await tx.query(
            `INSERT INTO lease (site_id, lease_id, agent_id, server, isp, granted_at, expires_at, bytes_max, pass_ms)
             SELECT site_id, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000), $8, $9 FROM site WHERE centre_code = $1`,
            [
              placeOfLine(lease.site).centre,
              lease.id,
              lease.agent,
              lease.server,
              lease.isp,
              lease.grantedMs,
              lease.expiresMs,
              Math.round(lease.bytesMax),
              lease.passMs ?? 0,
            ],
          );
        }
        return lease;
      }),
    giveBack: async (lease, agent, usedBytes, nowMs) => {
      const rows = await db.query(
        "UPDATE lease SET returned_at = to_timestamp($4::float8 / 1000), used_bytes = $3 WHERE lease_id = $1 AND agent_id = $2 AND returned_at IS NULL AND expires_at > to_timestamp($4::float8 / 1000) RETURNING lease_id",
        [lease, agent, Math.round(usedBytes), nowMs],
      );
      return rows.length > 0;
    },
  };
}

function granted({ lease_id, agent_id, site, isp, server, granted_ms, expires_ms, bytes_max }: LeaseRow) {
  return { id: lease_id, agent: agent_id, site, isp, server, grantedMs: granted_ms, expiresMs: expires_ms, bytesMax: bytes_max };
}

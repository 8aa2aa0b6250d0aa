import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { addEnrolCode, enrolWithCode } from "../store/agents.ts";
import type { Db } from "../store/db.ts";
import { agentsBySite } from "../store/demo-state.ts";
import { allSites, importCentres } from "../store/sites.ts";
import type { CentreProfile } from "./profile.ts";
import { type DemoAgent, streamOf } from "./senders.ts";
import type { Story } from "./story.ts";

const HOUR_MS = 3_600_000;

/** Declares the simulated centres and enrols an agent in each that has one, by a one-time code as everywhere. Gives the agents; again changes nothing. */
export async function enrolDemoAgents(db: Db, story: Story, province: readonly CentreProfile[], nowMs: number): Promise<readonly DemoAgent[]> {
  await importCentres(
    db,
    province.map(({ centre }) => centre),
    nowMs,
  );
  const sites = new Map((await allSites(db)).map((site) => [site.centre.code, site.siteId]));
  const known = await agentsBySite(db);
  const agents: DemoAgent[] = [];
  for (const profile of province) {
    const { code } = profile.centre;
    const siteId = sites.get(code);
    if (siteId === undefined || story.neverStarted.has(code)) continue;
    const agentId = known.get(siteId) ?? (await enrol(db, profile, story.seed, nowMs));
    agents.push({ profile, sender: { siteId, agentId }, stream: streamOf(story.seed, code) });
  }
  return agents;
}

async function enrol(db: Db, { centre, agentVersion }: CentreProfile, seed: number, nowMs: number): Promise<string> {
  // The private half is thrown away: nobody else can speak for a simulated agent.
  const publicKey = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const sha256 = createHash("sha256").update(randomBytes(24)).digest("hex");
  const agentId = `agt-${createHash("sha256").update(`demo agent ${seed} ${centre.code}`).digest("hex").slice(0, 16)}`;
  await addEnrolCode(db, centre.code, sha256, nowMs, nowMs + HOUR_MS);
  const enrolled = await enrolWithCode(db, sha256, { agentId, publicKey, hostName: `${centre.code}-gw`, version: agentVersion }, nowMs);
  if (!enrolled) throw new Error(`the demo could not enrol an agent for ${centre.code}`);
  return enrolled.agentId;
}

import type { Attestation, Waiver, Withdrawal } from "#schemas/attestation.ts";
import type { DutyRecord } from "#schemas/duty.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { WaiverFault } from "../attest/waiver-input.ts";
import { changedCodes, type ReadList, takeList } from "../inventory/take-list.ts";
import { addAttestations } from "../store/attestations.ts";
import { type Act, audited, type Doer } from "../store/audit.ts";
import type { Db } from "../store/db.ts";
import { addDutyRecords } from "../store/duties.ts";
import { acknowledgeIncident } from "../store/incidents.ts";
import { addMaintenance, endMaintenance } from "../store/maintenance.ts";
import { addWaivers, withdrawWaiver } from "../store/waivers.ts";
import { acts } from "./acts.ts";
import { type CodeWish, type MadeCode, type MadeCodes, makeEnrolCode, makeEnrolCodes } from "./enrol-codes.ts";
import { type LostPc, loseGatewayPc } from "./lost-pc.ts";

export type Deeds = ReturnType<typeof createDeeds>;

/** What people do on pages and at the command line alike. Each deed and its line in the audit log are written together or not at all; one that changes nothing has no line. */
export function createDeeds({ db, clock }: { readonly db: Db; readonly clock: () => number }) {
  const deed = <T>(doer: Doer, work: (tx: Db, nowMs: number) => Promise<T>, actOf: (result: T) => Act | readonly Act[] | undefined): Promise<T> => {
    const nowMs = clock();
    return audited(db, doer, nowMs, async (tx, note) => {
      const result = await work(tx, nowMs);
      for (const act of [actOf(result) ?? []].flat()) await note(act);
      return result;
    });
  };

  return {
    /** What is wrong with each; nothing is kept where anything is. */
    fileWaivers: (doer: Doer, waivers: readonly Waiver[]): Promise<readonly (WaiverFault | undefined)[]> =>
      deed(
        doer,
        (tx, nowMs) => addWaivers(tx, waivers, nowMs),
        (faults) => (faults.every((fault) => fault === undefined) ? acts.waiversFiled(waivers) : undefined),
      ),

    /** Undefined when there is none of that id that ends on `day` or later, or it was withdrawn before. */
    withdrawWaiver: (doer: Doer, id: string, day: string, withdrawn: Withdrawal): Promise<Waiver | undefined> =>
      deed(
        doer,
        (tx) => withdrawWaiver(tx, id, day, withdrawn),
        (waiver) => waiver && acts.waiverWithdrawn(waiver, withdrawn),
      ),

    /** Gives the codes of centres that there are not. */
    attest: (doer: Doer, attestations: readonly Attestation[]): Promise<readonly string[]> =>
      deed(
        doer,
        (tx, nowMs) => addAttestations(tx, attestations, nowMs),
        () => acts.attestationsFiled(attestations),
      ),

    /** Gives the codes of centres that there are not. */
    recordDuties: (doer: Doer, records: readonly DutyRecord[]): Promise<readonly string[]> =>
      deed(
        doer,
        (tx, nowMs) => addDutyRecords(tx, records, nowMs),
        () => acts.dutiesRecorded(records),
      ),

    /** Numbers that were open until now; those of the centre `own` alone, where it is given. */
    takeIncident: (doer: Doer, id: number, by: string, own?: string): Promise<readonly number[]> =>
      deed(
        doer,
        (tx, nowMs) => acknowledgeIncident(tx, id, by, nowMs, own),
        (taken) => (taken.length > 0 ? acts.incidentsTaken(taken, by) : undefined),
      ),

    /** Gives the ids that were new; undefined where as many windows stand as may. */
    announceMaintenance: (doer: Doer, windows: readonly MaintenanceWindow[]): Promise<readonly string[] | undefined> =>
      deed(
        doer,
        (tx, nowMs) => addMaintenance(tx, windows, nowMs),
        (added = []) => (added.length > 0 ? acts.maintenanceAnnounced(windows.filter(({ id }) => added.includes(id))) : undefined),
      ),

    /** False when there is none of that id, or it was ended before. */
    endMaintenance: (doer: Doer, id: string): Promise<boolean> =>
      deed(
        doer,
        (tx, nowMs) => endMaintenance(tx, id, nowMs),
        (ended) => (ended ? acts.maintenanceEnded(id) : undefined),
      ),

    /** Undefined when there is no such centre. @throws CodeRefused */
    makeEnrolCode: (doer: Doer, wish: CodeWish): Promise<MadeCode | undefined> =>
      deed(
        doer,
        (tx, nowMs) => makeEnrolCode(tx, wish, nowMs),
        (made) => made && acts.codeMade(made),
      ),

    /** All or none: a code is shown once, and one that was made before an error would be open with nobody who knows it. @throws CodeRefused */
    makeEnrolCodes: (doer: Doer, isAnew: boolean): Promise<MadeCodes> =>
      deed(
        doer,
        (tx, nowMs) => makeEnrolCodes(tx, isAnew, nowMs),
        ({ made }) => made.map(acts.codeMade),
      ),

    /** False, and nothing kept, where what is declared has changed since the list was read. */
    takeList: (doer: Doer, list: ReadList): Promise<boolean> =>
      deed(
        doer,
        (tx, nowMs) => takeList(tx, list, nowMs),
        (taken) => (taken ? listTaken(list) : undefined),
      ),

    /** Undefined when there is no such centre. */
    loseGatewayPc: (doer: Doer, centre: string, point?: string): Promise<LostPc | undefined> =>
      deed(
        doer,
        (tx, nowMs) => loseGatewayPc(tx, centre, point, nowMs),
        (lost) => lost && acts.agentsLost(centre, lost.agents),
      ),
  };
}

function listTaken(list: ReadList): Act | undefined {
  const codes = changedCodes(list);
  if (codes.length === 0) return undefined;
  return list.kind === "centres" ? acts.centresDeclared(codes, list.day) : acts.devicesDeclared(codes, list.day);
}

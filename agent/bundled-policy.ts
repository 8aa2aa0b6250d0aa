import { Calendar } from "#schemas/calendar.ts";
import vn from "#schemas/calendars/vn.json" with { type: "json" };
import giaLai890 from "#schemas/policies/gia-lai-890.json" with { type: "json" };
import { PolicyProfile } from "#schemas/policy.ts";

/** The policy that travels with the program, for a PC that has not heard from a collector yet. */
export const bundledPolicy: PolicyProfile = PolicyProfile.parse(giaLai890);

/** The calendar beside it. */
export const bundledCalendar: Calendar = Calendar.parse(vn);

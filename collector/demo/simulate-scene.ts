import type { CentreProfile } from "./profile.ts";
import type { Due } from "./simulate-plan.ts";
import type { Story } from "./story.ts";

/** What one probe would have said: everything that a simulated value may depend on. */
export type Scene = { readonly profile: CentreProfile; readonly story: Story; readonly due: Due };

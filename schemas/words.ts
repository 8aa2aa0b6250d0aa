import { z } from "zod";

/** A sentence of a data file in both languages. Sentences of the program itself stand in schemas/text. */
export const Words = z.strictObject({ vi: z.string().min(1), en: z.string().min(1) });
export type Words = z.infer<typeof Words>;

export const Lang = z.enum(["vi", "en"]);
export type Lang = z.infer<typeof Lang>;

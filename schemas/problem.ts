import { z } from "zod";

/** Every error body of the HTTP API (RFC 9457). `code` is stable and for machines; `title` and `detail` are for the operator. */
export const Problem = z.object({
  type: z.literal("about:blank"),
  status: z.int().min(400).max(599),
  code: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  /** Fields at fault: path and what is wrong there. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** With 401: the nonce to sign with. */
  nonce: z.string().optional(),
  retryAfterS: z.number().optional(),
});
export type Problem = z.infer<typeof Problem>;

/** Makes a Problem; `cause` may be a ZodError, whose issues become `errors` (at most 20). */
export function problem(
  status: number,
  code: string,
  title: string,
  more: Partial<Omit<Problem, "type" | "status" | "code" | "title">> & { cause?: unknown } = {},
): Problem {
  const { cause, ...rest } = more;
  const errors = cause instanceof z.ZodError ? cause.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join("."), message })) : undefined;
  return { type: "about:blank", status, code, title, ...(errors && { errors }), ...rest };
}

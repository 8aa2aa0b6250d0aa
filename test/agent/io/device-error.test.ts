import { expect, it } from "vitest";
import { deviceErrorFrom } from "../../../agent/io/device-error.ts";

it.each([
  ["ECONNREFUSED", "refused"],
  ["ETIMEDOUT", "timeout"],
  ["ENOTFOUND", "dns"],
  ["EAI_AGAIN", "dns"],
  ["HPE_INVALID_CONSTANT", "malformed"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls"],
  ["ABORT_ERR", "bad_reply"],
])("%s is told as %s", (code, trouble) => {
  expect(deviceErrorFrom(Object.assign(new Error(code), { code }), "10.0.0.2").trouble).toBe(trouble);
});

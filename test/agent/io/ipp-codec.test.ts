import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeIppAnswer, encodeIppRequest, ippOperations } from "../../../agent/io/ipp-codec.ts";
import { ippReply } from "../../support/ipp-reply.ts";

describe("IPP", () => {
  it("reads what a printer says, several values in order", () => {
    const { status, printers } = decodeIppAnswer(ippReply({ "printer-state": [3], "printer-state-reasons": ["a", "b"], "printer-is-accepting-jobs": [true] }));
    expect(status).toBe(0);
    expect(Object.fromEntries(printers[0] ?? [])).toEqual({ "printer-state": [3], "printer-state-reasons": ["a", "b"], "printer-is-accepting-jobs": [true] });
  });

  it("leaves collections out without losing what follows", () => {
    const plain = ippReply({ "printer-state": [5] });
    const at = plain.indexOf(0x04, 9) + 1;
    const member = (tag: number, name: string, value: string) =>
      Buffer.concat([Buffer.from([tag, 0, name.length]), Buffer.from(name), Buffer.from([0, value.length]), Buffer.from(value)]);
    const collection = Buffer.concat([member(0x34, "media-col", ""), member(0x4a, "", "media-size"), member(0x44, "", "a4"), member(0x37, "", "")]);
    const printers = decodeIppAnswer(Buffer.concat([plain.subarray(0, at), collection, plain.subarray(at)])).printers;
    expect(printers[0]?.get("printer-state")).toEqual([5]);
  });

  it("a request names operation, printer and what is wanted", () => {
    const bytes = Buffer.from(encodeIppRequest(ippOperations.getPrinterAttributes, ["printer-state", "marker-levels"], "ipp://10.0.0.2:631/ipp/print"));
    expect(bytes.readUInt16BE(2)).toBe(0x000b);
    for (const text of ["printer-uri", "ipp://10.0.0.2:631/ipp/print", "requested-attributes", "marker-levels"]) expect(bytes.includes(text), text).toBe(true);
    expect(bytes.at(-1)).toBe(3);
  });

  it("any bytes end in an answer or a RangeError", () => {
    const whole = ippReply({ "printer-state": [3], "printer-state-reasons": ["none"] });
    const cut = fc.nat(whole.length).map((length) => whole.subarray(0, length));
    const flipped = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(whole);
      copy[at] = byte;
      return copy;
    });
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(cut, flipped, noise), (bytes) => {
        try {
          return decodeIppAnswer(bytes).printers.length >= 0;
        } catch (error) {
          return error instanceof RangeError;
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../support/source-files.ts";

const read = (name: string) => readFileSync(join(projectRoot, "deploy/windows", name), "utf8");

describe("what Windows is given, as far as it can be read here", () => {
  const xml = read("hcc-agent-task.xml");
  const script = read("install-agent.ps1");
  const { Task: task } = new XMLParser({ parseTagValue: false }).parse(xml);

  it("the task starts at boot and again whatever ended it", () => {
    expect(XMLValidator.validate(xml)).toBe(true);
    expect(task.Triggers.BootTrigger.Enabled).toBe("true");
    expect(task.Triggers.TimeTrigger.Repetition).toEqual({ Interval: "PT5M", StopAtDurationEnd: "false" });
    // A trigger whose first day is still to come does nothing, and a PC with a flat battery wakes up years ago.
    expect(Date.parse(task.Triggers.TimeTrigger.StartBoundary)).toBeLessThan(Date.UTC(2002, 0, 1));
    expect(task.Settings.MultipleInstancesPolicy).toBe("IgnoreNew");
    // Task Scheduler reads the count as one byte.
    expect(task.Settings.RestartOnFailure).toEqual({ Interval: "PT1M", Count: "255" });
  });

  it("nothing but a person stops it: no time limit, no battery, no idling", () => {
    expect(task.Settings).toMatchObject({
      ExecutionTimeLimit: "PT0S",
      DisallowStartIfOnBatteries: "false",
      StopIfGoingOnBatteries: "false",
      RunOnlyIfIdle: "false",
      RunOnlyIfNetworkAvailable: "false",
      StartWhenAvailable: "true",
      Enabled: "true",
    });
    expect(task.Settings.IdleSettings.StopOnIdleEnd).toBe("false");
  });

  it("it runs as LOCAL SERVICE, which has no rights of an administrator", () => {
    expect(task.Principals.Principal).toEqual({ UserId: "S-1-5-19", RunLevel: "LeastPrivilege" });
    expect(script).toContain("$localService = '*S-1-5-19'");
  });

  it("the script fills in each word in braces, and reads the flags where they stand", () => {
    const words = [...xml.matchAll(/\{[A-Z]+\}/g)].map(([word]) => word);
    expect(words).toEqual(["{NODE}", "{ARGUMENTS}", "{FOLDER}"]);
    for (const word of words) expect(script).toContain(`'${word}' =`);
    expect(script).toContain("$package.scripts.agent");
  });

  it("Windows PowerShell 5.1 reads the script as it was written: a mark of UTF-8, no newer syntax, no folder of a person", () => {
    expect(script.charCodeAt(0)).toBe(0xfeff);
    const code = script.replace(/<#[\s\S]*?#>/, "").replace(/(["']).*?\1/g, "");
    expect(code).not.toMatch(/&&|\|\||\?\?|\?\.|\? .* : /);
    expect(script).not.toMatch(/[A-Z]:\\Users/i);
    expect([...code].filter((sign) => sign === "{").length).toBe([...code].filter((sign) => sign === "}").length);
  });

  it("the data is closed to all but the service, administrators and the system, and stays when the task goes", () => {
    const rights = /function Protect-Data \{[\s\S]*?\n\}/.exec(script)?.[0] ?? "";
    expect(rights).toContain("'/inheritance:r'");
    expect([...rights.matchAll(/\$\{(\w+)\}/g)].map(([, who]) => who)).toEqual(["system", "administrators", "localService", "localService"]);
    expect(script).not.toMatch(/Remove-Item|rmdir|\bdel\b/i);
  });

  it("what it says to a person is written by PowerShell itself: the console's code page has no Vietnamese letters", () => {
    expect(script.replace(/^#.*$/gm, "")).not.toContain("[Console]::Error");
    expect(script.match(/\$Host\.UI\.WriteErrorLine/g)).toHaveLength(2);
  });

  it("an agent that runs has ended before the task is written and started anew, and the PC stays awake", () => {
    const steps = script.slice(script.lastIndexOf("Assert-Program")).match(/^(Stop-Agent|Register-ScheduledTask|Set-Awake|Start-ScheduledTask)/gm);
    expect(steps).toEqual(["Stop-Agent", "Register-ScheduledTask", "Set-Awake", "Start-ScheduledTask"]);
    expect(/function Stop-Agent \{[\s\S]*?\n\}/.exec(script)?.[0]).toMatch(/'Running'[\s\S]*Start-Sleep/);
    const awake = /function Set-Awake \{[\s\S]*?\n\}/.exec(script)?.[0] ?? "";
    for (const word of ["standby-timeout-ac", "hibernate-timeout-ac", "HiberbootEnabled"]) expect(awake).toContain(word);
  });

  it("cmd.exe reads hcc-agent.cmd: lines end as it needs them, plain letters until the code page is set", () => {
    const command = read("hcc-agent.cmd");
    expect(command.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
    expect(command.slice(0, command.indexOf("chcp 65001"))).toMatch(/^[\x00-\x7f]*$/);
  });
});

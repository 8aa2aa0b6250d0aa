/** Counts of the collector since its start, in the text format of Prometheus. Labels are short words of ours, never device text. */
export class Counters {
  readonly #counts = new Map<string, number>();
  readonly #help: Readonly<Record<string, string>>;

  /** `help` names every counter that there is, with its meaning. */
  constructor(help: Readonly<Record<string, string>>) {
    this.#help = help;
  }

  add(name: string, by = 1, labels: Readonly<Record<string, string>> = {}): void {
    const inner = Object.entries(labels).map(([label, value]) => `${label}="${value.replace(/["\\\n]/g, "_")}"`);
    const key = `${name}${inner.length > 0 ? `{${inner.join(",")}}` : ""}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }

  /** All counters, then `gauges` as they are now. */
  text(gauges: Readonly<Record<string, number>> = {}): string {
    const lines = Object.entries(this.#help).flatMap(([name, help]) => {
      const own = [...this.#counts].filter(([key]) => key === name || key.startsWith(`${name}{`));
      return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...(own.length > 0 ? own.map(([key, count]) => `${key} ${count}`) : [`${name} 0`])];
    });
    return `${[...lines, ...Object.entries(gauges).flatMap(([name, value]) => [`# TYPE ${name} gauge`, `${name} ${value}`])].join("\n")}\n`;
  }
}

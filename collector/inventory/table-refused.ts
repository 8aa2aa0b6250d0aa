/** A table that cannot be taken: one sentence for each thing that is wrong, with its row and column. */
export class TableRefused extends Error {
  override readonly name = "TableRefused";
  readonly faults: readonly string[];
  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(faults[0] ?? "", options);
    this.faults = faults;
  }
}

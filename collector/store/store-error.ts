/** The store cannot be used as it is. The message is one sentence for the operator: what is wrong, where, what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

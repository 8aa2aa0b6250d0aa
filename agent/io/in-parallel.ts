/** Devices that are asked at the same time: more would look like a scan to small switches and antivirus. */
export const DEVICES_IN_PARALLEL = 8;

/** Runs `work` over the items, at most `limit` at a time; results keep the order. Rejects with the first error. */
export async function inParallel<Item, Result>(items: readonly Item[], limit: number, work: (item: Item) => Promise<Result>): Promise<readonly Result[]> {
  const results = new Array<Result>(items.length);
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

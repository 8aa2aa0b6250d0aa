/** Random numbers in 0..1 that follow from a seed: a linear congruential generator (Numerical Recipes). A failure can be repeated with them. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** Those that the others lack. */
export function missing(those: readonly number[], others: readonly number[]): number[] {
  const there = new Set(others);
  return those.filter((one) => !there.has(one));
}

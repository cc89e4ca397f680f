// Justified rows: every picture whole, every row as wide as the grid.

export interface Row {
  /** Of its first picture */
  from: number;
  height: number;
  /** Left edge and width of each picture */
  places: { left: number; width: number }[];
}

/** Pixels between pictures */
export const GAP = 6;
/** What is assumed of a picture whose size nobody knows. */
const USUAL = 4 / 3;
const [NARROWEST, WIDEST] = [0.5, 2.4];
/** A last row of few pictures is not blown up further. */
const MOST_STRETCH = 1.25;
/** Pictures of usual shape that fit on the screen at once, at most. */
const MOST_IN_SIGHT = 120;
const LEAST_HEIGHT = 176;

/** Width by height, within what a row can bear. */
export function aspect({
  width,
  height,
}: {
  width?: number | null;
  height?: number | null;
}): number {
  const given = (width ?? 0) > 0 && (height ?? 0) > 0 ? (width ?? 0) / (height ?? 1) : USUAL;
  return Math.min(WIDEST, Math.max(NARROWEST, given));
}

/** The height that rows should have about: a large screen shows larger pictures, not ever more of them. */
export function rowHeight(screen: { width: number; height: number }): number {
  return Math.max(
    LEAST_HEIGHT,
    Math.ceil(Math.sqrt((screen.width * screen.height) / (USUAL * MOST_IN_SIGHT))),
  );
}

/** Rows that are full and as near to the wanted height as can be; only a single one that is far from full stays so. */
export function justify(aspects: readonly number[], width: number, target: number): Row[] {
  if (aspects.length === 0 || width <= 0) return [];
  return breaks(aspects, width / target).map(([from, to], _, rows) =>
    arrange(
      aspects.slice(from, to),
      from,
      width,
      rows.length === 1 ? target * MOST_STRETCH : width,
    ),
  );
}

/** Where rows begin and end, so that together they miss the wanted height least; `full` is the aspect of a row that has it. */
function breaks(aspects: readonly number[], full: number): [number, number][] {
  const best: { cost: number; from: number }[] = [{ cost: 0, from: 0 }];
  for (let to = 1; to <= aspects.length; to += 1) {
    let choice = { cost: Infinity, from: to - 1 };
    let sum = 0;
    for (let from = to - 1; from >= 0 && sum < 2 * full; from -= 1) {
      sum += aspects[from] ?? USUAL;
      const cost = (best[from]?.cost ?? Infinity) + Math.log(full / sum) ** 2;
      if (cost < choice.cost) choice = { cost, from };
    }
    best.push(choice);
  }
  const rows: [number, number][] = [];
  for (let to = aspects.length; to > 0; to = best[to]?.from ?? 0)
    rows.unshift([best[to]?.from ?? 0, to]);
  return rows;
}

/** One row, as wide as the grid unless that would make it higher than `most`. */
function arrange(aspects: readonly number[], from: number, width: number, most: number): Row {
  const room = width - GAP * (aspects.length - 1);
  const sum = aspects.reduce((sum, aspect) => sum + aspect, 0);
  const scale = Math.min(room / sum, most);
  let right = 0;
  const places = aspects.map((aspect, index) => {
    const left = Math.round(right) + index * GAP;
    right += aspect * scale;
    return { left, width: Math.round(right) + index * GAP - left };
  });
  return { from, height: Math.max(1, Math.floor(scale)), places };
}

/** The height of so many pictures of usual shape. */
export function guessedHeight(count: number, width: number, target: number): number {
  const rows = Math.max(1, Math.round((count * (USUAL * target + GAP)) / (width + GAP)));
  return rows * (target + GAP);
}

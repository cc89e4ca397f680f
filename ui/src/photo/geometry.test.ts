import { describe, expect, test } from 'vitest';

import {
  HANDLES,
  SHORTEST_SIDE,
  clip,
  fit,
  frame,
  handleAt,
  limits,
  middle,
  onStage,
  onto,
  resized,
  settled,
  shared,
  shifted,
  snapped,
  spanned,
  toPicture,
  whole,
  within,
  zoomAround,
  type Rect,
  type Size,
  type View,
} from './geometry';

/** The same numbers on every run: what fails once fails again. */
function numbers(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const between = (low: number, high: number) => low + next() * (high - low);
  const size = (high: number): Size => ({
    width: Math.ceil(between(1, high)),
    height: Math.ceil(between(1, high)),
  });
  return { between, size };
}

const { between, size } = numbers(7);
const cases = Array.from({ length: 500 }, () => ({
  picture: size(9000),
  stage: size(2600),
  pixelRatio: between(0.75, 3),
}));

const box = (picture: Size): Rect => ({
  x: between(-picture.width, 2 * picture.width),
  y: between(-picture.height, 2 * picture.height),
  width: between(0.5, 2 * picture.width),
  height: between(0.5, 2 * picture.height),
});

const near = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThan(1e-6);

describe('fitting', () => {
  test('shows the whole picture, centred, and touches two edges', () => {
    for (const { picture, stage } of cases) {
      const view = fit(picture, stage);
      const drawn = onStage({ x: 0, y: 0, ...picture }, view);
      near(drawn.x + drawn.width / 2, stage.width / 2);
      near(drawn.y + drawn.height / 2, stage.height / 2);
      expect(drawn.width).toBeLessThanOrEqual(stage.width + 1e-6);
      expect(drawn.height).toBeLessThanOrEqual(stage.height + 1e-6);
      near(Math.min(stage.width - drawn.width, stage.height - drawn.height), 0);
    }
  });

  test('keeps its margin even when the stage is nothing but margin', () => {
    expect(fit({ width: 400, height: 300 }, { width: 824, height: 10 }, 12).scale).toBeGreaterThan(
      0,
    );
    expect(fit({ width: 400, height: 300 }, { width: 424, height: 900 }, 12).scale).toBe(1);
  });
});

describe('a box on the screen', () => {
  test('covers the same share of the drawn picture as of the true one, at any size', () => {
    for (const { picture, stage } of cases) {
      const rect = clip(box(picture), picture).rect;
      if (rect === null) continue;
      const view = fit(picture, stage, 12);
      const drawn = onStage({ x: 0, y: 0, ...picture }, view);
      const there = onStage(rect, view);
      near(there.x, drawn.x + (rect.x / picture.width) * drawn.width);
      near(there.y, drawn.y + (rect.y / picture.height) * drawn.height);
      near(there.width, (rect.width / picture.width) * drawn.width);
      near(there.height, (rect.height / picture.height) * drawn.height);
    }
  });

  test('and the way back lead to the same place', () => {
    for (const { picture, stage } of cases) {
      const view = zoomAround(fit(picture, stage), { x: 3, y: 5 }, between(0.1, 8));
      const point = { x: between(0, picture.width), y: between(0, picture.height) };
      const there = onStage({ ...point, width: 0, height: 0 }, view);
      const back = toPicture(there, view);
      near(back.x, point.x);
      near(back.y, point.y);
    }
  });
});

test('a picture begins on whole pixels of the screen, whatever its density', () => {
  const view = { scale: 0.7, x: 10.3, y: -4.6 };
  expect(snapped(view, 1)).toEqual({ scale: 0.7, x: 10, y: -5 });
  expect(snapped(view, 2)).toEqual({ scale: 0.7, x: 10.5, y: -4.5 });
});

describe('zooming', () => {
  test('leaves what is under the pointer where it is', () => {
    for (const { picture, stage } of cases) {
      const view = fit(picture, stage);
      const anchor = { x: between(0, stage.width), y: between(0, stage.height) };
      const zoomed = zoomAround(view, anchor, between(0.05, 8));
      const before = toPicture(anchor, view);
      const after = toPicture(anchor, zoomed);
      near(before.x, after.x);
      near(before.y, after.y);
    }
  });

  test('reaches 20 % to 800 % of the panel, and always the whole picture', () => {
    for (const { picture, stage, pixelRatio } of cases) {
      const fitted = fit(picture, stage).scale;
      const reach = limits(fitted, pixelRatio);
      expect(reach.smallest * pixelRatio).toBeLessThanOrEqual(0.2 + 1e-9);
      expect(reach.largest * pixelRatio).toBeGreaterThanOrEqual(8 - 1e-9);
      expect(within(fitted, reach)).toBe(fitted);
      expect(within(1e9, reach)).toBe(reach.largest);
      expect(within(0, reach)).toBe(reach.smallest);
    }
  });

  test('onto a face puts it in the middle', () => {
    const stage = { width: 1000, height: 800 };
    const face = { x: 1000, y: 500, width: 200, height: 200 };
    const view = onto(face, stage, { smallest: 0.1, largest: 8 });
    expect(onStage(face, view)).toEqual({ x: 340, y: 240, width: 320, height: 320 });
  });
});

describe('panning', () => {
  test('never loses the picture: an axis with room is centred, the other fills the stage', () => {
    for (const { picture, stage } of cases) {
      const lost = { scale: between(0.02, 4), x: between(-1e5, 1e5), y: between(-1e5, 1e5) };
      const drawn = onStage({ x: 0, y: 0, ...picture }, settled(lost, picture, stage));
      const axes: [number, number, number][] = [
        [drawn.x, drawn.width, stage.width],
        [drawn.y, drawn.height, stage.height],
      ];
      for (const [start, length, room] of axes) {
        if (length <= room) near(start + length / 2, room / 2);
        else {
          expect(start).toBeLessThanOrEqual(1e-6);
          expect(start + length).toBeGreaterThanOrEqual(room - 1e-6);
        }
      }
    }
  });
});

describe('clipping', () => {
  const picture = { width: 400, height: 300 };

  test('keeps exactly what the box and the picture share, and names the sides it lost', () => {
    for (const { picture } of cases) {
      const one = box(picture);
      const { rect, cut } = clip(one, picture);
      expect(rect === null).toBe(shared(one, { x: 0, y: 0, ...picture }) === null);
      if (rect === null) continue;
      expect(rect.x).toBeGreaterThanOrEqual(0);
      expect(rect.y).toBeGreaterThanOrEqual(0);
      expect(rect.x + rect.width).toBeLessThanOrEqual(picture.width + 1e-9);
      expect(rect.y + rect.height).toBeLessThanOrEqual(picture.height + 1e-9);
      expect(cut.includes('left')).toBe(one.x < 0);
      expect(cut.includes('right')).toBe(one.x + one.width > picture.width);
      expect(cut.includes('top')).toBe(one.y < 0);
      expect(cut.includes('bottom')).toBe(one.y + one.height > picture.height);
    }
  });

  test.each([
    ['inside', { x: 10, y: 20, width: 30, height: 40 }, [10, 20, 30, 40], ''],
    ['to the very edge', { x: 0, y: 0, width: 400, height: 300 }, [0, 0, 400, 300], ''],
    ['partly outside', { x: 380, y: 20, width: 100, height: 40 }, [380, 20, 20, 40], 'right'],
    ['negative origin', { x: -10, y: -5, width: 30, height: 40 }, [0, 0, 20, 35], 'left top'],
    ['larger than the picture', { x: -9, y: -9, width: 900, height: 900 }, [0, 0, 400, 300], 'left top right bottom'], // prettier-ignore
    ['wholly outside', { x: 500, y: 20, width: 30, height: 40 }, null, 'right'],
    ['far outside', { x: 2 ** 31 - 8, y: 2 ** 31 - 8, width: 7, height: 7 }, null, 'right bottom'],
    ['beside the edge', { x: 400, y: 0, width: 30, height: 40 }, null, 'right'],
    ['negative width', { x: 10, y: 20, width: -30, height: 40 }, null, ''],
    ['zero width', { x: 10, y: 20, width: 0, height: 40 }, null, ''],
    ['no number', { x: Number.NaN, y: 20, width: 5, height: 40 }, null, ''],
  ])('%s', (_, one, rect, cut) => {
    const clipped = clip(one, picture);
    const { x, y, width, height } = clipped.rect ?? { x: 0, y: 0, width: 0, height: 0 };
    expect(clipped.rect === null ? null : [x, y, width, height]).toEqual(rect);
    expect(clipped.cut.join(' ')).toBe(cut);
  });
});

describe('an edited box', () => {
  /** A picture as a camera stores it in each of the eight orientations, in any window, at 20 % to 800 %, on any panel. */
  const edits = Array.from({ length: 8 }, (_, index) => index + 1).flatMap((orientation) =>
    [0.2, 0.37, 1, 2.5, 8].flatMap((zoom) =>
      cases.slice(0, 40).map(({ picture: stored, stage, pixelRatio }) => {
        const long = { width: stored.width + 40, height: stored.height + 40 };
        const picture = orientation >= 5 ? { width: long.height, height: long.width } : { ...long };
        const fitted = fit(picture, stage, 12);
        const scale = within(zoom / pixelRatio, limits(fitted.scale, pixelRatio));
        const anchor = { x: between(0, stage.width), y: between(0, stage.height) };
        const view = settled(zoomAround(fitted, anchor, scale), picture, stage);
        const rect = whole({
          x: between(0, picture.width - 20),
          y: between(0, picture.height - 20),
          width: between(8, 20),
          height: between(8, 20),
        });
        return { picture, view, rect: clip(rect, picture).rect ?? rect };
      }),
    ),
  );

  /** As a pointer does that takes hold at one place on the stage and lets go at another. */
  const pulled = (from: { x: number; y: number }, to: { x: number; y: number }, view: View) => {
    const [start, end] = [toPicture(from, view), toPicture(to, view)];
    return { x: end.x - start.x, y: end.y - start.y };
  };

  const inside = ({ x, y, width, height }: Rect, picture: Size) => {
    for (const number of [x, y, width, height]) expect(Number.isInteger(number)).toBe(true);
    expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(picture.width);
    expect(y + height).toBeLessThanOrEqual(picture.height);
  };

  test('has the edge under the pointer within half a pixel of the picture, and the others where they were', () => {
    for (const { picture, view, rect } of edits) {
      for (const handle of HANDLES) {
        const grip = handleAt(frame(onStage(rect, view)), handle);
        const drop = { x: grip.x + between(-300, 300), y: grip.y + between(-300, 300) };
        const by = pulled(grip, drop, view);
        const now = resized(rect, handle, by, picture);
        inside(now, picture);
        const edges: [string, number, number, number, number][] = [
          ['w', rect.x, now.x, by.x, picture.width],
          ['e', rect.x + rect.width, now.x + now.width, by.x, picture.width],
          ['n', rect.y, now.y, by.y, picture.height],
          ['s', rect.y + rect.height, now.y + now.height, by.y, picture.height],
        ];
        for (const [side, was, is, way, room] of edges) {
          if (!handle.includes(side)) expect(is).toBe(was);
          else if (now.width > 1 && now.height > 1 && was + way >= 0 && was + way <= room)
            expect(Math.abs(is - (was + way))).toBeLessThanOrEqual(0.5 + 1e-6);
        }
      }
    }
  });

  test('follows the pointer as a whole, keeps its size and stays on the picture', () => {
    for (const { picture, view, rect } of edits) {
      const from = onStage(rect, view);
      const by = pulled(from, { x: from.x + between(-90, 90), y: from.y + between(-90, 90) }, view);
      const now = shifted(rect, by, picture);
      inside(now, picture);
      expect([now.width, now.height]).toEqual([rect.width, rect.height]);
      const wanted = {
        x: Math.min(Math.max(rect.x + by.x, 0), picture.width - rect.width),
        y: Math.min(Math.max(rect.y + by.y, 0), picture.height - rect.height),
      };
      expect(Math.abs(now.x - wanted.x)).toBeLessThanOrEqual(0.5 + 1e-6);
      expect(Math.abs(now.y - wanted.y)).toBeLessThanOrEqual(0.5 + 1e-6);
    }
  });

  test('is drawn from any corner to any other, on whole pixels of the picture', () => {
    for (const { picture, view } of edits) {
      const corner = () => ({ x: between(-50, 900), y: between(-50, 900) });
      const [from, to] = [toPicture(corner(), view), toPicture(corner(), view)];
      const drawn = spanned(from, to, picture);
      expect(spanned(to, from, picture)).toEqual(drawn);
      inside(drawn, picture);
      const held = clip(
        {
          x: Math.min(from.x, to.x),
          y: Math.min(from.y, to.y),
          width: Math.abs(from.x - to.x),
          height: Math.abs(from.y - to.y),
        },
        picture,
      ).rect;
      if (held === null) continue;
      expect(Math.abs(drawn.x - held.x)).toBeLessThanOrEqual(0.5 + 1e-6);
      expect(Math.abs(drawn.x + drawn.width - held.x - held.width)).toBeLessThanOrEqual(0.5 + 1e-6);
      expect(Math.abs(drawn.y + drawn.height - held.y - held.height)).toBeLessThanOrEqual(
        0.5 + 1e-6,
      );
    }
  });

  test('comes back to where it was when the pointer does', () => {
    for (const { picture, view, rect } of edits) {
      const at = onStage(rect, view);
      const by = pulled(at, at, view);
      expect(shifted(rect, by, picture)).toEqual(rect);
      for (const handle of HANDLES) expect(resized(rect, handle, by, picture)).toEqual(rect);
    }
  });

  test('has handles that can each be taken hold of, however small it is on the screen', () => {
    for (const side of [0.5, 4, 20, 47, 300]) {
      const handles = frame({ x: 100, y: 100, width: side, height: side });
      const places = HANDLES.map((handle) => handleAt(handles, handle));
      for (const [index, one] of places.entries()) {
        for (const other of places.slice(index + 1)) {
          expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThanOrEqual(24 - 1e-9);
        }
      }
    }
  });

  test('begins in the middle of what is seen, large enough and on the picture', () => {
    for (const { picture, view } of edits) {
      const corner = toPicture({ x: 0, y: 0 }, view);
      const seen = { ...corner, width: 800 / view.scale, height: 600 / view.scale };
      const visible = shared(seen, { x: 0, y: 0, ...picture });
      if (visible === null) continue;
      const box = middle(visible, picture, 1 / 5);
      inside(box, picture);
      expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(SHORTEST_SIDE);
    }
  });
});

import { expect, test } from 'vitest';

import { percent, probability } from './calibration';

test('a probability follows the curve, and is never said to be certain', () => {
  const calibration = { slope: 20, intercept: -14, verdicts: 100 };
  expect(percent(probability(calibration, 0.7))).toBe('50 %');
  expect(percent(probability(calibration, 0.85))).toBe('95 %');
  expect(percent(probability(calibration, 1))).toBe('>99 %');
  expect(percent(probability(calibration, 0.2))).toBe('<1 %');
});

// What a similarity is worth, in words.

import type { Calibration } from '../bindings';

/** The probability that somebody so similar is the person, 0 to 1. */
export const probability = ({ slope, intercept }: Calibration, similarity: number): number =>
  1 / (1 + Math.exp(-(slope * similarity + intercept)));

/** In whole percent; what is not certain is never said to be. */
export function percent(probability: number): string {
  const whole = Math.round(probability * 100);
  if (whole >= 100) return '>99 %';
  return whole <= 0 ? '<1 %' : `${whole} %`;
}

// Faces that are looked at many at a time are kept from others.

import { keep } from './api';

/** Between two signs that they are looked at, in milliseconds. */
const SIGN = 5000;

/** Keeps what is held until the answer is called. */
export function keepWhile(held: () => number[]): () => void {
  const sign = () => {
    // A sign that does not arrive lets others have the faces; their version tells then.
    keep(held(), null).catch(() => {});
  };
  const timer = setInterval(sign, SIGN);
  return () => clearInterval(timer);
}

// Faces that are looked at many at a time are kept from others, who see that somebody is there.

import type { OnWall } from '../bindings';
import { keep, keepWall } from './api';

/** Between two signs that the faces are looked at, in milliseconds. */
const SIGN = 5000;
/** Between two looks at who else is there. */
const COMPANY = 1000;

interface Looked {
  /** The faces that are on the screen. */
  held: () => number[];
  /** The wall that they are on. */
  on: () => OnWall | null;
  /** The logins of who else is on it. */
  seen: (company: string[]) => void;
}

/** Keeps what is held, and says who else is there, until the answer is called. */
export function keepWhile({ held, on, seen }: Looked): () => void {
  let over = false;
  const sign = () => {
    // A sign that does not arrive lets others have the faces; their version tells then.
    keep(held(), null).catch(() => {});
  };
  const timer = setInterval(sign, SIGN);
  const look = async () => {
    const wall = on();
    let company: string[] = [];
    try {
      company = await keepWall(wall);
    } catch {
      // The status bar says that PostgreSQL does not answer.
    }
    if (over) return;
    // Who was on another wall is not on this one.
    const now = on();
    seen(wall?.person === now?.person && wall?.group === now?.group ? company : []);
    setTimeout(() => void look(), COMPANY);
  };
  void look();
  return () => {
    over = true;
    clearInterval(timer);
    keepWall(null).catch(() => {});
  };
}

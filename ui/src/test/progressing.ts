// How the work on faces goes in the small world.

import type { Accuracy, OperatorQuality, Progress, Quality, Role } from '../bindings';
import { operators } from './world';

const HOUR = 3_600_000;

const accuracy = (answered: number, share: number): Accuracy => ({
  answered,
  least: 20,
  share: answered < 20 ? null : { share, low: share - 0.09, high: Math.min(1, share + 0.03) },
});

const of = (operator: string, isOwn: boolean, answered: number): OperatorQuality => ({
  operator,
  isOwn,
  accuracy: accuracy(answered, 0.95),
  agreement: answered === 0 ? null : { faces: answered * 3, alike: 0.91, kappa: 0.83 },
});

/** `decided` says how many faces were decided since the window was opened. */
export function progressing(roleNow: () => Role | null, decided: () => number) {
  return {
    faceProgress: ({ days }: { days: string[] }): Progress => {
      const starts = days.slice(0, -1);
      const today = new Date(starts.at(-1) ?? 0).getTime();
      const hours = [9, 10, 11, 14, 15].map((hour, index) => ({
        from: new Date(today + hour * HOUR).toISOString(),
        faces: [31, 64, 48, 0, 52][index] ?? 0,
      }));
      const faces = 195 + decided();
      return {
        today: { faces, pace: 62.4 },
        hours,
        days: starts.map((from, index) => ({
          from,
          faces: index === starts.length - 1 ? faces : (index * 53) % 240,
        })),
      };
    },
    faceQuality: (): Quality => {
      const own = operators[roleNow() ?? 'moderator'].username;
      const others = ['ada.obi', 'chidi.eze', 'lena.vos'].map((name, index) =>
        of(name, false, [0, 12, 77][index] ?? 0),
      );
      return {
        operators: roleNow() === 'admin' ? [of(own, true, 40), ...others] : [of(own, true, 40)],
        weeks: [0.9, 0.92, 1, 0.95].map((share, index) => ({
          week: new Date(Date.UTC(2025, 9, 27 + 7 * index)).toISOString(),
          answered: 10,
          share: { share, low: share - 0.25, high: Math.min(1, share + 0.07) },
        })),
      };
    },
  };
}

// The console on mock data, for looking at: mock.html?as=admin&theme=dark&fail=search&hang=people&only=402&many=1000000#/search

import type { Role } from '../bindings';
import { backend, refuse, serve, type Answers } from './backend';
import { many } from './many';

const wishes = new URLSearchParams(window.location.search);
const as = wishes.get('as') ?? 'moderator';
const answers: Answers = backend(as === 'nobody' ? null : (as as Role));

for (const name of wishes.getAll('fail') as (keyof Answers)[]) {
  answers[name] = () =>
    refuse(
      'unavailable',
      'PostgreSQL does not answer on db.example.org:5432. Check that it runs and that this machine may reach it.',
    );
}
for (const name of wishes.getAll('hang') as (keyof Answers)[]) {
  answers[name] = () => new Promise<never>(() => {});
}
if (wishes.has('nothing')) {
  answers.search = () => ({
    engine: 'elasticsearch',
    notice: null,
    total: 0,
    isEstimate: false,
    tookMs: 2,
    elasticMs: 1,
    isStandIn: false,
    hits: [],
    next: null,
    problem: null,
  });
  answers.people = () => ({ total: 0, people: [], next: null });
  answers.activity = () => [];
  answers.facesWaiting = () => ({ faces: [], next: null });
  answers.faceCounts = () => ({ suggested: 0, near: 0, conflicts: 0, kinds: [] });
  answers.safetyWaiting = () => ({ items: [], next: null });
}
if (wishes.has('fallback')) {
  const search = answers.search;
  answers.search = async (args) => ({
    ...(await search(args)),
    engine: 'postgresql',
    notice:
      'Elasticsearch does not answer, so PostgreSQL searched: word forms and typing mistakes are not recognised.',
  });
}

// One photo's faces, or one flagged medium: only=402 has every hostile face, only=404 is a crowd.
const only = Number(wishes.get('only'));
if (only > 0) {
  const { facesWaiting, safetyWaiting } = answers;
  answers.facesWaiting = async (args) => {
    const page = await facesWaiting({ ...args, after: null, limit: 2000 });
    return { faces: page.faces.filter(({ face }) => face.mediaId === only), next: null };
  };
  answers.safetyWaiting = async (args) => {
    const page = await safetyWaiting({ ...args, after: null, limit: 2000 });
    return { items: page.items.filter(({ mediaId }) => mediaId >= only), next: null };
  };
}

if (wishes.has('many')) Object.assign(answers, many(Number(wishes.get('many'))));

const theme = wishes.get('theme');
if (theme !== null) localStorage.setItem('kaleidoscope.theme', theme);

serve(answers);
await import('../main');

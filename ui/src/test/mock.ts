// The console on mock data, for looking at: mock.html?as=admin&theme=dark&fail=search&hang=people&as=nobody#/search

import type { Role } from '../bindings';
import { backend, refuse, serve, type Answers } from './backend';

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
    tookMs: 2,
    hits: [],
    next: null,
  });
  answers.people = () => ({ total: 0, people: [], next: null });
  answers.activity = () => [];
  answers.facesWaiting = () => ({ total: 0, faces: [], next: null });
  answers.safetyWaiting = () => ({ total: 0, items: [], next: null });
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

const theme = wishes.get('theme');
if (theme !== null) localStorage.setItem('kaleidoscope.theme', theme);

serve(answers);
await import('../main');

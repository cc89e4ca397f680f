// What happened to a medium, as a sentence.

import type { Chapter, RulingDone } from '../bindings';
import { severityNames, type Tree } from './policies';

const rulings = { safe: 'safe', unsafe: 'unsafe', again: 'to be processed again' } as const;

const consequences = (archive: boolean, suspend: boolean): string =>
  [archive ? 'post archived' : '', suspend ? 'uploader suspended' : ''].filter(Boolean).join(', ');

function under(tree: Tree, policy: number | null, severity: number | null): string {
  const known = tree.byId(policy);
  if (known === undefined) return '';
  const grave = severity === null ? '' : `, ${severityNames[severity] ?? severity}`;
  return `: ${known.name} (version ${known.version})${grave}`;
}

export function chapterInWords(chapter: Chapter, tree: Tree): string {
  const { kind, name, ruling, policy, severity, archive, suspend, outcome } = chapter;
  const what = ruling === null ? '' : rulings[ruling];
  const more = consequences(archive, suspend);
  const tail = `${under(tree, policy, severity)}${more === '' ? '' : `; ${more}`}`;
  switch (kind) {
    case 'report':
      return `${name} reported it${under(tree, policy, null)}`;
    case 'proposal':
      return `${name} proposes: ${what}${tail}${outcome === null ? '' : `. That was ${outcome}`}`;
    case 'decision':
      return `${name} decided: ${what}${tail}${outcome === null ? '' : '. That was taken back'}`;
    case 'revert':
      return `${name} took a decision back`;
    case 'appeal':
      return `Appeal, taken down by ${name}${outcome === null ? '' : `: ${outcome === 'again' ? rulings.again : outcome}`}`;
  }
}

export function rulingInWords(made: RulingDone, tree: Tree): string {
  const { ruling, policy, severity, archived, suspended } = made;
  const more = consequences(archived, suspended);
  return `${rulings[ruling]}${under(tree, policy, severity)}${more === '' ? '' : `; ${more}`}`;
}

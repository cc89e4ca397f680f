// Text from the database may be anything: a megabyte long, invisible, or written to turn its surroundings around.

/** At most `limit` UTF-16 units, never ending within a character. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit).replace(/(?:[\ud800-\udbff]|\u200d|\ufe0f)+$/u, '')}…`;
}

/** True when there is something in it that a reader would see. */
export function visible(text: string | null | undefined): text is string {
  return text != null && /[^\s\p{C}\p{Z}\p{M}\u115f\u1160\u3164\uffa0\u2800]/u.test(text);
}

/** `1,204` */
export const count = new Intl.NumberFormat('en').format;

/** `1 photo`, `2 photos` */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Full name, else login name, else a stand-in: a person can always be pointed at. */
export function personName(person: {
  fullName: string | null;
  username: string;
  id?: number;
}): string {
  const name = [person.fullName, person.username].find(visible);
  return name === undefined
    ? `Unnamed${person.id === undefined ? '' : ` #${person.id}`}`
    : clip(name, 120);
}

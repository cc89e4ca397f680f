// What each role is called, and which screens it opens. Rust and the database decide; this only spares the
// operator a rail of locked doors.

import type { Role } from '../bindings';
import type { ScreenName } from '../route';

const ranks: Record<Role, number> = { staff: 1, moderator: 2, admin: 3 };

export const roleNames: Record<Role, string> = {
  staff: 'Staff',
  moderator: 'Moderator',
  admin: 'Admin',
};

const needed: Partial<Record<ScreenName, Role>> = { faces: 'moderator', safety: 'admin' };

export function mayOpen(role: Role, screen: ScreenName): boolean {
  return ranks[role] >= ranks[needed[screen] ?? 'staff'];
}

// What can be done from anywhere.

import { action } from '../action';
import type { Role } from '../bindings';
import { mayOpen, roleNames } from '../access/roles';
import { go, screens, type ScreenName } from '../route';
import { chooseTheme, themes } from '../theme';

/** What the window shows and whom it serves. */
export interface Window {
  role: Role;
  sampleOperators: readonly Role[];
  switchTo: (role: Role) => void;
  signOut: () => void;
  openPalette: () => void;
  openHelp: () => void;
}

export const screenNames: Record<ScreenName, string> = {
  search: 'Search',
  faces: 'Faces',
  safety: 'Safety',
  people: 'People',
  activity: 'Activity',
  system: 'System',
};

const letters: Record<ScreenName, string> = {
  search: 's',
  faces: 'f',
  safety: 'u',
  people: 'p',
  activity: 'a',
  system: 'y',
};

export const openScreen = Object.fromEntries(
  screens.map((screen, index) => [
    screen,
    action<Window>({
      id: `app.open-${screen}`,
      title: `Go to ${screenNames[screen]}`,
      keys: [`g ${letters[screen]}`, `Ctrl+${index + 1}`],
      whileTyping: true,
      enabled: ({ role }) => mayOpen(role, screen),
      run: () => go(screen),
    }),
  ]),
) as Record<ScreenName, ReturnType<typeof action<Window>>>;

export const openPalette = action<Window>({
  id: 'app.palette',
  title: 'All commands',
  keys: ['Ctrl+k'],
  whileTyping: true,
  run: ({ openPalette }) => openPalette(),
});

export const openHelp = action<Window>({
  id: 'app.help',
  title: 'Keyboard help',
  keys: ['?'],
  run: ({ openHelp }) => openHelp(),
});

const names = { system: 'as the system', light: 'light', dark: 'dark' };

export const useTheme = themes.map((theme) =>
  action<Window>({
    id: `app.theme-${theme}`,
    title: `Appearance: ${names[theme]}`,
    keys: [],
    run: () => chooseTheme(theme),
  }),
);

export const switchOperator = (['staff', 'moderator', 'admin'] as const).map((role) =>
  action<Window>({
    id: `app.switch-${role}`,
    title: `Continue as sample ${roleNames[role].toLowerCase()}`,
    keys: [],
    enabled: (window) => window.sampleOperators.includes(role) && window.role !== role,
    run: ({ switchTo }) => switchTo(role),
  }),
);

export const signOut = action<Window>({
  id: 'app.sign-out',
  title: 'Sign out',
  keys: [],
  run: ({ signOut }) => signOut(),
});

export const windowActions = [
  ...Object.values(openScreen),
  openPalette,
  openHelp,
  ...useTheme,
  ...switchOperator,
  signOut,
];

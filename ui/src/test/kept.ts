// What operators keep of what they found: saved searches, and files.

import type { Photo, SavedSearch, Wish } from '../bindings';
import type { Answer } from '../host';

export function savedSearches() {
  let last = 500;
  const saved: SavedSearch[] = [
    { savedSearchId: 1, name: 'Beaches', text: 'tag:beach', tab: 'media', sort: 'newest', like: { more: [], less: [] }, isShared: false, isMine: true, owner: 'bo.lindqvist', newHits: 12 },
    { savedSearchId: 2, name: 'Nobody named', text: 'is:unidentified', tab: 'faces', sort: 'relevance', like: { more: [], less: [] }, isShared: true, isMine: false, owner: 'mei.tanaka', newHits: 0 },
  ]; // prettier-ignore

  return {
    savedSearches: () => saved.map((search) => ({ ...search })),
    saveSearch: ({ wish, ...args }: { name: string; wish: Wish; isShared: boolean }) => {
      const search = {
        savedSearchId: (last += 1),
        ...args,
        ...wish,
        isMine: true,
        owner: 'bo.lindqvist',
        newHits: 0,
      };
      saved.push(search);
      return search;
    },
    renameSearch: ({ id, ...change }: { id: number; name: string; isShared: boolean }) => {
      Object.assign(saved.find(({ savedSearchId }) => savedSearchId === id) ?? {}, change);
      return null;
    },
    deleteSearch: ({ id }: { id: number }) => {
      saved.splice(
        saved.findIndex(({ savedSearchId }) => savedSearchId === id),
        1,
      );
      return null;
    },
    searchSeen: ({ id }: { id: number }) => {
      Object.assign(saved.find(({ savedSearchId }) => savedSearchId === id) ?? {}, { newHits: 0 });
      return null;
    },
  };
}

export function exporting(matching: (text: string) => Photo[]) {
  const exports = new Map<number, Answer<'exportProgress'>>();
  let last = 500;

  return {
    exportSearch: ({ wish, path }: { wish: Wish; path: string }) => {
      const total = matching(wish.text).length;
      exports.set((last += 1), { done: total, total, state: 'done', message: path });
      return last;
    },
    exportProgress: ({ id }: { id: number }) =>
      exports.get(id) ?? {
        done: 0,
        total: 0,
        state: 'failed' as const,
        message: 'There is no such export.',
      },
    cancelExport: ({ id }: { id: number }) => {
      exports.set(id, { done: 0, total: 0, state: 'cancelled', message: null });
      return null;
    },
  };
}

// What the window remembers of the answers it got.

import { MutationCache, QueryCache, QueryClient } from '@tanstack/svelte-query';

import { Refusal } from './host';

export function createClient(): QueryClient {
  // Whoever is signed out in the middle of something is led back to the sign-in screen.
  const onError = (error: Error) => {
    if (error instanceof Refusal && error.code === 'signedOut') {
      void client.invalidateQueries({ queryKey: ['session'] });
    }
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // A command's refusal is its last word; asking again at once would only delay it.
        retry: false,
        staleTime: 10_000,
        refetchOnWindowFocus: false,
        // The database is reached by Rust, whatever the web view thinks of the network.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}

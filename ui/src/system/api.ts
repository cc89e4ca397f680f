// The state of the parts that the console stands on, and the work on indices.

import { createMutation, createQuery, useQueryClient } from '@tanstack/svelte-query';

import type { JobKind } from '../bindings';
import { ask, commands } from '../host';

/** Milliseconds between two questions while the screen is open. */
const every = 5000;
/** While something is under way that somebody watches. */
const often = 1000;
/** Points of a chart. */
const points = 120;

export const createSystem = () =>
  createQuery(() => ({
    queryKey: ['system'],
    queryFn: () => ask(commands.system()),
    refetchInterval: every,
    staleTime: 0,
  }));

export const createUpkeep = () =>
  createQuery(() => ({
    queryKey: ['system', 'upkeep'],
    queryFn: () => ask(commands.upkeep()),
    refetchInterval: ({ state }) =>
      state.data?.jobs.some(({ finishedAt }) => finishedAt === null) ? often : every,
    staleTime: 0,
  }));

/** Backlog and lag of the last `hours`, in as many spans as a chart has points. */
export const createSamples = (hours: () => number) =>
  createQuery(() => ({
    queryKey: ['system', 'samples', hours()],
    queryFn: () => ask(commands.queueSamples(hours(), Math.max(10, (hours() * 3600) / points))),
    refetchInterval: every,
    staleTime: 0,
  }));

/** What was measured last; a job that ends changes it. */
export const createRecall = () =>
  createQuery(() => ({
    queryKey: ['system', 'recall'],
    queryFn: () => ask(commands.recall()),
    refetchInterval: every,
    staleTime: 0,
  }));

export const createDeadLetters = () =>
  createQuery(() => ({
    queryKey: ['system', 'letters'],
    queryFn: () => ask(commands.deadLetters()),
    refetchInterval: every,
    staleTime: 0,
  }));

function createSystemMutation<Asked, Answer>(write: (asked: Asked) => Promise<Answer>) {
  const client = useQueryClient();
  return createMutation(() => ({
    mutationFn: write,
    onSettled: () => client.invalidateQueries({ queryKey: ['system'] }),
  }));
}

export const createJobStart = () =>
  createSystemMutation(({ kind, index }: { kind: JobKind; index: string }) =>
    ask(commands.startJob(kind, index)),
  );

export const createJobCancel = () =>
  createSystemMutation((id: number) => ask(commands.cancelJob(id)));

export const createReplay = () =>
  createSystemMutation((index: string) => ask(commands.replayDeadLetters(index, null)));

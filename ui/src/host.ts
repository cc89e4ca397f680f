// The window's only door to Tauri. Features ask with `ask(commands.…)`, so that a refusal arrives as an exception
// that TanStack Query understands, and build picture addresses with `media`.

import { convertFileSrc } from '@tauri-apps/api/core';
import { downloadDir, join } from '@tauri-apps/api/path';

import type { AppError, Bounds, Code, commands } from './bindings';
import { veilQuery } from './veil';

export { commands } from './bindings';

/** A command said no: `code` is for the program, `message` is a sentence for the operator. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: Code,
    message: string,
  ) {
    super(message);
  }
}

/** What the Rust side says: what was asked for, or why not. */
type Said<T> = { status: 'ok'; data: T } | { status: 'error'; error: AppError };

type Commands = typeof commands;

/** What a command answers when it does not refuse. */
export type Answer<K extends keyof Commands> = Extract<
  Awaited<ReturnType<Commands[K]>>,
  { status: 'ok' }
>['data'];

/** What a command is told, in its order. */
export type Told<K extends keyof Commands> = Parameters<Commands[K]>;

/** What the command returned; throws a {@link Refusal} when it refused. */
export async function ask<T>(answer: Promise<Said<T>>): Promise<T> {
  const result = await answer;
  if (result.status === 'ok') return result.data;
  throw new Refusal(result.error.code, result.error.message);
}

/** The sentence that an operator gets to read for whatever was thrown. */
export function sentence(thrown: unknown): string {
  if (thrown instanceof Error && thrown.message !== '') return thrown.message;
  return typeof thrown === 'string' && thrown !== ''
    ? thrown
    : 'Something went wrong that has no name yet.';
}

// The scheme is spelled differently on Windows; Tauri knows how. It would escape slashes, so only the root is asked for.
const address = (path: string) => convertFileSrc('', 'media') + path;

/** Of a picture that is under the chosen veil if it is unsafe; `about` tells it from the same one at another time. */
function veiled(path: string, about = ''): string {
  const query = [about, veilQuery()].filter((part) => part !== '').join('&');
  return address(query === '' ? path : `${path}?${query}`);
}

/** Addresses of pictures; on failure they answer with JSON `{code, message}` instead. */
export const media = {
  /** At most 320 pixels wide. */
  thumbnail: (mediaId: number) => veiled(`thumbnail/${mediaId}`),
  /** At most 1600 pixels wide. */
  photo: (mediaId: number) => veiled(`photo/${mediaId}`),
  /** The face with a margin, 256 pixels square. With its box the address is another one once the face is moved. */
  crop: (faceId: number, bounds?: Bounds | null) =>
    veiled(
      `crop/${faceId}`,
      bounds ? [bounds.x, bounds.y, bounds.width, bounds.height].join() : '',
    ),
  /** The picture with which the person enrolled. */
  enrolled: (userId: number) => veiled(`enrolled/${userId}`),
  /** The profile picture, 256 pixels square. */
  portrait: (userId: number) => address(`portrait/${userId}`),
  /** Clear pixels, of all or of the region that was revealed, for as long as the reveal lasts. */
  revealed: (token: string) => address(`revealed/${encodeURIComponent(token)}`),
  /** The part of a revealed video that begins at a byte, as below. */
  revealedVideo: (token: string, from: number) =>
    address(`revealed/${encodeURIComponent(token)}/${from}`),
  /** The part of a video that begins at a byte; `content-range` says of how many. */
  video: (mediaId: number, from: number) => address(`video/${mediaId}/${from}`),
};

/** Why a picture did not come: the sentence in the body that its address answered with. */
export async function pictureProblem(url: string): Promise<string> {
  try {
    const answer = await fetch(url);
    return answer.ok ? 'The picture cannot be read.' : await reasonIn(answer);
  } catch {
    return 'The picture is not available.';
  }
}

/** The sentence in the body of an answer that is no picture. */
export async function reasonIn(answer: Response): Promise<string> {
  const body: unknown = await answer.json().catch(() => null);
  if (
    body !== null &&
    typeof body === 'object' &&
    'message' in body &&
    typeof body.message === 'string'
  ) {
    return body.message;
  }
  return 'The picture is not available.';
}

/** Where a file of this name would be among the operator's downloads; the name alone where there is no such folder. */
export async function download(name: string): Promise<string> {
  try {
    return await join(await downloadDir(), name);
  } catch {
    return name;
  }
}

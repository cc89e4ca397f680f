// What the Rust side offers to this window: its commands and the shapes they speak in.
/* eslint-disable */

import { invoke as TAURI_INVOKE } from '@tauri-apps/api/core';

/** user-defined commands **/

async function typed<T>(command: string, args?: Record<string, unknown>): Promise<Result<T, AppError>> {
  try {
    return { status: 'ok', data: await TAURI_INVOKE<T>(command, args) };
  } catch (e) {
    if (e instanceof Error) throw e;
    else return { status: 'error', error: e as AppError };
  }
}

export const commands = {
  async session(): Promise<Result<Session, AppError>> {
    return typed('session');
  },
  async signIn(request: SignInRequest): Promise<Result<Operator, AppError>> {
    return typed('sign_in', { request });
  },
  async signInAsSample(role: Role): Promise<Result<Operator, AppError>> {
    return typed('sign_in_as_sample', { role });
  },
  async signOut(): Promise<Result<null, AppError>> {
    return typed('sign_out');
  },
  async status(): Promise<Result<Status, AppError>> {
    return typed('status');
  },
  async pictureSize(mediaId: number): Promise<Result<Size, AppError>> {
    return typed('picture_size', { mediaId });
  },
  async facesWaiting(after: FaceCursor | null, limit: number): Promise<Result<FacesWaiting, AppError>> {
    return typed('faces_waiting', { after, limit });
  },
  async photo(mediaId: number): Promise<Result<Photo, AppError>> {
    return typed('photo', { mediaId });
  },
  async faceCandidates(faceId: number): Promise<Result<Candidate[], AppError>> {
    return typed('face_candidates', { faceId });
  },
  async findPeople(text: string): Promise<Result<Person[], AppError>> {
    return typed('find_people', { text });
  },
  async confirmFace(seen: Seen, person: number): Promise<Result<Verdict, AppError>> {
    return typed('confirm_face', { seen, person });
  },
  async rejectFace(seen: Seen): Promise<Result<Verdict, AppError>> {
    return typed('reject_face', { seen });
  },
  async safetyWaiting(after: number | null, limit: number): Promise<Result<SafetyWaiting, AppError>> {
    return typed('safety_waiting', { after, limit });
  },
  async revealMedia(mediaId: number): Promise<Result<Reveal, AppError>> {
    return typed('reveal_media', { mediaId });
  },
  async concealMedia(token: string): Promise<Result<null, AppError>> {
    return typed('conceal_media', { token });
  },
  async decideMedia(seen: Seen, safe: boolean, reason: string | null): Promise<Result<Decision, AppError>> {
    return typed('decide_media', { seen, safe, reason });
  },
  async search(query: SearchQuery): Promise<Result<SearchResults, AppError>> {
    return typed('search', { query });
  },
  async people(text: string, after: string | null, limit: number): Promise<Result<People, AppError>> {
    return typed('people', { text, after, limit });
  },
  async person(userId: number): Promise<Result<Profile, AppError>> {
    return typed('person', { userId });
  },
  async activity(before: number | null, limit: number): Promise<Result<Entry[], AppError>> {
    return typed('activity', { before, limit });
  },
  async verifyAudit(): Promise<Result<Verification, AppError>> {
    return typed('verify_audit');
  },
  async system(): Promise<Result<System, AppError>> {
    return typed('system');
  },
};

/** user-defined types **/

export type AppError = { code: Code; message: string };
export type Bounds = { x: number; y: number; width: number; height: number };
export type Candidate = { person: Person; similarity: number };
export type Code =
  | 'signedOut'
  | 'signIn'
  | 'forbidden'
  | 'conflict'
  | 'notFound'
  | 'invalid'
  | 'unavailable'
  | 'internal';
export type Connection = { host: string; port: number; database: string; username: string; remembered: boolean };
export type Decision = { mediaId: number; auditId: number; safe: boolean };
export type Entry = {
  id: number;
  at: string;
  operator: string;
  role: string;
  action: string;
  subject: string;
  before: Json | null;
  after: Json | null;
  reason: string | null;
};
export type Face = {
  id: number;
  mediaId: number;
  bounds: Bounds | null;
  boundsProblem: string | null;
  status: FaceStatus;
  identified: Person | null;
  suggested: Person | null;
  similarity: number | null;
  version: string;
};
export type FaceCursor = { similarity: number | null; id: number };
export type FaceStatus = 'UNIDENTIFIED' | 'SUGGESTED' | 'CONFIRMED';
export type FacesWaiting = { total: number; faces: Face[]; next: FaceCursor | null };
export type Health = { state: HealthState; message: string };
export type HealthState = 'ok' | 'degraded' | 'down' | 'off';
export type Hit = {
  mediaId: number;
  postId: number;
  title: string | null;
  caption: string | null;
  tags: string[];
  people: string[];
  uploader: string;
  createdAt: string;
};
export type Index = { name: string; generation: string | null; documents: number | null; rows: number };
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Judgement = 'is' | 'isNot';
export type Operator = { userId: number; username: string; fullName: string | null; role: Role };
export type People = { total: number; people: Person[]; next: string | null };
export type Person = {
  id: number;
  username: string;
  fullName: string | null;
  department: string | null;
  enrolled: boolean;
};
export type Photo = {
  mediaId: number;
  postId: number;
  postTitle: string | null;
  mediaType: string;
  width: number | null;
  height: number | null;
  unsafe: boolean;
  caption: string | null;
  tags: string[];
  scenes: string[];
  uploader: Person;
  createdAt: string;
  faces: Face[];
};
export type Profile = {
  person: Person;
  designation: string | null;
  bio: string | null;
  accountStatus: string;
  role: string;
  joinedAt: string;
  enrolledAt: string | null;
  onPhotos: number[];
  uploaded: number[];
};
export type Queue = {
  name: string;
  kind: 'readModel' | 'index';
  waiting: number;
  oldestSeconds: number | null;
  deadLetters: number;
};
export type Reveal = { token: string; expiresInMs: number };
export type Role = 'staff' | 'moderator' | 'admin';
export type SafetyItem = {
  mediaId: number;
  postId: number;
  postTitle: string | null;
  mediaType: string;
  caption: string | null;
  tags: string[];
  scenes: string[];
  uploader: Person;
  createdAt: string;
  status: string;
  isSafe: boolean | null;
  width: number | null;
  height: number | null;
  version: string;
};
export type SafetyWaiting = { total: number; items: SafetyItem[]; next: number | null };
export type SearchQuery = { text: string; after: string | null; limit: number };
export type SearchResults = {
  engine: 'elasticsearch' | 'postgresql';
  notice: string | null;
  total: number;
  tookMs: number;
  hits: Hit[];
  next: string | null;
};
export type Seen = { id: number; version: string };
export type Session = {
  operator: Operator | null;
  sampleOperators: Role[];
  connection: Connection;
  problem: string | null;
};
export type SignInRequest = {
  host: string;
  port: number;
  database: string;
  username: string;
  password: string | null;
  remember: boolean;
};
export type Size = { width: number; height: number };
export type Status = {
  postgres: Health;
  elasticsearch: Health;
  facesWaiting: number | null;
  safetyWaiting: number | null;
  readModelQueue: number;
  indexQueue: number;
};
export type System = {
  version: string;
  schemaVersion: number;
  postgres: { version: string; pgvector: string; database: string };
  elasticsearch: { url: string | null; version: string | null; health: Health };
  indices: Index[];
  queues: Queue[];
  workers: Worker[];
};
export type Verdict = { faceId: number; auditId: number; judgement: Judgement; person: Person };
export type Verification = { entries: number; brokenAt: number | null };
export type Worker = { name: string; seenSecondsAgo: number };

/** tauri-specta globals **/

export type Result<T, E> = { status: 'ok'; data: T } | { status: 'error'; error: E };

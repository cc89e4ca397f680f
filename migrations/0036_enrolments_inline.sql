-- Every face is compared with the enrolments, by the platform and here. A vector beside its row, not in the TOAST table, is read
-- in half the time. The table is small: rewriting it takes seconds.
alter table public.user_face_embeddings alter column embedding set storage plain;
cluster public.user_face_embeddings using user_face_embeddings_pkey;
alter table public.user_face_embeddings set without cluster;

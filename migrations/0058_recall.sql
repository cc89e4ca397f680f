-- How many of the ten nearest neighbours the vector indices really find, measured on a sample by a worker when an admin asks for
-- it: an index that was filled badly answers as fast as a good one.

create table console.recall (
    index_name   text             not null,
    engine       text             not null check (engine in ('elasticsearch', 'postgresql')),
    recall_at_10 double precision not null check (recall_at_10 between 0 and 1),
    -- How many vectors were asked for.
    sample       integer          not null,
    measured_at  timestamptz      not null default clock_timestamp(),
    primary key (index_name, engine)
);

-- What the documents of each index have as their vector. Without length there is no cosine, and NaN is not equal to zero.
create view console.media_search_vector as
select r.media_id as id, i.image_embedding as vector
  from public.read_model_media_search as r
  join public.media_ai_insights as i on i.media_id = r.media_id
 where i.image_embedding is not null;

create view console.recommendations_knn_vector as
select r.media_id as id, i.image_embedding as vector
  from public.read_model_recommendations_knn as r
  join public.media_ai_insights as i on i.media_id = r.media_id
 where i.image_embedding is not null;

create view console.face_search_vector as
select f.id, f.embedding as vector
  from public.media_detected_faces as f
 where exists (select from public.read_model_face_search as r where r.face_id = f.id::text);

create view console.known_faces_vector as
select r.user_id as id, e.embedding as vector
  from public.read_model_known_faces as r
  join public.user_face_embeddings as e on e.user_id = r.user_id
 where r.is_active;

create function console.recalls()
    returns table (index_name text, engine text, recall_at_10 double precision, sample integer, measured_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select r.index_name, r.engine, r.recall_at_10, r.sample, r.measured_at
      from console.recall as r
     where console.operator_rank() >= 1
     order by r.index_name, r.engine;
end;

alter table console.job drop constraint job_kind_check;
alter table console.job
    add constraint job_kind_check check (kind in ('rebuild', 'rollback', 'check', 'repair', 'recall'));
create unique index job_measuring on console.job (index_name)
    where state in ('waiting', 'running') and kind = 'recall';

revoke execute on function console.recalls() from public;
grant execute on function console.recalls() to kaleidoscope_staff;
grant select, insert, update, delete on console.recall to kaleidoscope_worker;
grant select on console.media_search_vector, console.recommendations_knn_vector, console.face_search_vector,
                console.known_faces_vector
    to kaleidoscope_worker;

-- What the AI got wrong: captions, tags and scenes that moderators and admins correct. A correction is kept apart from what the
-- AI says, and holds when the AI writes the same row again.

create table console.correction (
    id         bigint      generated always as identity primary key,
    media_id   bigint      not null,
    field      text        not null check (field in ('caption', 'tags', 'scenes')),
    -- The caption from now on; null takes it out.
    caption    text,
    added      text[]      not null default '{}',
    removed    text[]      not null default '{}',
    -- Takes that correction back and says nothing else.
    undoes     bigint      unique references console.correction,
    decided_by text        not null default session_user,
    decided_at timestamptz not null default clock_timestamp(),
    -- Written before its entry of the log, which says what the row became.
    audit_id   bigint      not null references console.audit_entry (id) deferrable initially deferred
);

comment on table console.correction is
    'Append-only: what an operator said of a medium''s caption, tags or scenes, so that it survives the AI''s next run';

create index correction_media on console.correction (media_id, field, id);
create index correction_audit on console.correction (audit_id);

create trigger append_only
    before update or delete or truncate on console.correction
    for each statement execute function console.refuse_change();

-- What the AI itself said last of media that were corrected: taking a correction back must give that, not what it once said.
create table console.ai_words (
    media_id bigint primary key,
    caption  text,
    tags     text[],
    scenes   text[]
);

create view console.standing_correction as
select c.id, c.media_id, c.field, c.caption, c.added, c.removed, c.decided_by, c.audit_id
  from console.correction as c
 where c.undoes is null
   and not exists (select from console.correction as undo where undo.undoes = c.id);

-- What a caption must be, after what the AI says.
create function console.corrected_caption(media bigint, said text) returns text
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
    select case when last.id is null then corrected_caption.said else last.caption end
      from (values (1)) as always
      left join lateral (
           select c.id, c.caption
             from console.standing_correction as c
            where c.media_id = corrected_caption.media
              and c.field = 'caption'
            order by c.id desc
            limit 1
           ) as last on true;
end;

-- What tags or scenes must be: those that the AI says in its order, without what was taken out, then what was added. Of a text that
-- was both, the later counts.
create function console.corrected_texts(media bigint, field text, said text[]) returns text[]
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
    with word as (
        select distinct on (word.entry) word.entry, word.is_added, c.id
          from console.standing_correction as c
         cross join lateral (
               select entry, true as is_added from unnest(c.added) as entry
               union all
               select entry, false from unnest(c.removed) as entry
               ) as word
         where c.media_id = corrected_texts.media
           and c.field = corrected_texts.field
         order by word.entry, c.id desc
    )
    select case
               when not exists (select from word) then corrected_texts.said
               else array(
                        select says.entry
                          from unnest(corrected_texts.said) with ordinality as says (entry, place)
                         where not exists (select from word where word.entry = says.entry and not word.is_added)
                         order by says.place)
                    || array(
                        select word.entry
                          from word
                         where word.is_added
                           and not exists (
                               select from unnest(corrected_texts.said) as says (entry) where says.entry = word.entry)
                         order by word.id, word.entry)
           end;
end;

create function console.words_facts(fields text[], caption text, tags text[], scenes text[]) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(jsonb_object_agg(fact.field, fact.value), '{}')
      from (values ('caption', to_jsonb(left(caption, 4000))), ('tags', to_jsonb(tags)), ('scenes', to_jsonb(scenes)))
           as fact (field, value)
     where fact.field = any (fields);
end;

-- Who changed the row last, if that was an operator: their row is of the same transaction.
create function console.last_words(
    media bigint, version text, out decided_by text, out field text, out caption text, out added text[], out removed text[],
    out is_undo boolean)
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
    select last.*
      from (
          select c.decided_by, c.field, said.caption, said.added, said.removed, c.undoes is not null
            from console.correction as c
            join console.correction as said on said.id = coalesce(c.undoes, c.id)
           where c.media_id = last_words.media
             and c.xmin::text = last_words.version
           order by c.id
           limit 1
      ) as last
     union all
    select last.*
      from (
          select d.decided_by, 'safety', null::text, null::text[], null::text[], false
            from console.safety_decision as d
           where d.media_id = last_words.media
             and d.xmin::text = last_words.version
           order by d.id desc
           limit 1
      ) as last
     limit 1;
end;

-- Makes rows what the AI's words and the standing corrections come to; those that are so already are not touched.
create function console.restore_words(media bigint[]) returns void
language sql set search_path = pg_catalog, pg_temp
begin atomic
    update public.media_ai_insights as i
       set caption = wanted.caption, tags = wanted.tags, scenes = wanted.scenes, updated_at = now()
      from console.ai_words as said
     cross join lateral (
           select console.corrected_caption(said.media_id, said.caption) as caption,
                  console.corrected_texts(said.media_id, 'tags', said.tags) as tags,
                  console.corrected_texts(said.media_id, 'scenes', said.scenes) as scenes
           ) as wanted
     where said.media_id = any (restore_words.media)
       and i.media_id = said.media_id
       and record_image_ne(row(i.caption, i.tags, i.scenes), row(wanted.caption, wanted.tags, wanted.scenes));
end;

-- What became of each medium, and who was faster.
create type console.correction_outcome as (
    media_id   bigint,
    -- `done`, `same`: nothing was to be changed, `changed` since it was seen, `busy`: somebody writes it right now, `gone`, or
    -- taking back: `undone` already, `overtaken` by a later correction
    outcome    text,
    audit_id   bigint,
    decided_by text,
    field      text,
    caption    text,
    added      text[],
    removed    text[],
    is_undo    boolean
);

create function console.require_moderator() returns integer
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    -- Of who is no operator nobody could say whether it is the AI that writes.
    if console.operator_rank() < 2 or not console.is_operator() then
        raise insufficient_privilege using message = 'correcting needs the role of moderator';
    end if;
    return console.operator_rank();
end
$$;

-- The row of a medium that this operator may correct, locked. Never waits, so that the platform, which locks rows in any
-- order, can't be in a deadlock because of the console.
create function console.lock_words(
    media bigint, rank integer, out outcome text, out version text, out words public.media_ai_insights)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    select i.* into words from public.media_ai_insights as i where i.media_id = media for no key update skip locked;
    if not found then
        outcome := case when exists (select from public.media_ai_insights as i where i.media_id = media) then 'busy' else 'gone' end;
    elsif rank < 3 and (words.status = 'UNSAFE' or words.is_safe is false) then
        outcome := 'gone';
    end if;
    select i.xmin::text into version from public.media_ai_insights as i where i.media_id = media;
end
$$;

-- Corrects media as they were seen, all of them that can be.
create function console.correct_media(
    media bigint[], versions text[], with_caption boolean, new_caption text, add_tags text[], remove_tags text[],
    add_scenes text[], remove_scenes text[])
    returns setof console.correction_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank   integer := console.require_moderator();
    seen   record;
    was    record;
    become public.media_ai_insights;
    done   console.correction_outcome;
    fields text[];
    head   bigint;
    change record;
begin
    for seen in
        select distinct on (s.id) s.id, s.version
          from unnest(media, versions) as s (id, version)
         where s.id is not null
         order by s.id
    loop
        done := row(seen.id, null, null, null, null, null, null, null, null);
        was := console.lock_words(seen.id, rank);
        done.outcome := was.outcome;
        if done.outcome is null and was.version is distinct from seen.version then
            select seen.id, 'changed', null, l.*
              into done
              from (values (1)) as always
              left join console.last_words(seen.id, was.version) as l on true;
        end if;
        if done.outcome is not null then
            return next done;
            continue;
        end if;

        fields := '{}';
        head := null;
        for change in
            select 'caption' as field, new_caption as caption, '{}'::text[] as added, '{}'::text[] as removed
             where with_caption and new_caption is distinct from (was.words).caption
             union all
            select texts.field, null, texts.added, texts.removed
              from (
                  select l.field,
                         array(select distinct t from unnest(l.wanted) as t
                                where t is not null and not exists (select from unnest(l.had) as h (t) where h.t = t.t)
                                order by t) as added,
                         array(select distinct t from unnest(l.unwanted) as t
                                where exists (select from unnest(l.had) as h (t) where h.t = t.t)
                                order by t) as removed
                    from (values ('tags', add_tags, remove_tags, (was.words).tags),
                                 ('scenes', add_scenes, remove_scenes, (was.words).scenes))
                         as l (field, wanted, unwanted, had)
              ) as texts
             where texts.added <> '{}' or texts.removed <> '{}'
        loop
            if head is null then
                insert into console.ai_words (media_id, caption, tags, scenes)
                values (seen.id, (was.words).caption, (was.words).tags, (was.words).scenes)
                    on conflict (media_id) do nothing;
                -- Nobody else gets this number: whoever writes to the log waits for the end of the transaction.
                select h.id + 1 into strict head from console.audit_head as h for update;
            end if;
            insert into console.correction (media_id, field, caption, added, removed, audit_id)
            values (seen.id, change.field, change.caption, change.added, change.removed, head);
            fields := fields || change.field;
        end loop;
        if head is null then
            done.outcome := 'same';
            return next done;
            continue;
        end if;

        perform console.restore_words(array[seen.id]);
        select i.* into strict become from public.media_ai_insights as i where i.media_id = seen.id;
        done.audit_id := console.append_audit(
            'media.correct', 'media', seen.id,
            console.words_facts(fields, (was.words).caption, (was.words).tags, (was.words).scenes),
            console.words_facts(fields, become.caption, become.tags, become.scenes));
        done.outcome := 'done';
        return next done;
    end loop;
end
$$;

-- Takes corrections back, each named by its entry in the log. What somebody corrected later stays.
create function console.undo_corrections(audits bigint[]) returns setof console.correction_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank   integer := console.require_moderator();
    asked  record;
    was    record;
    become public.media_ai_insights;
    done   console.correction_outcome;
    fields text[];
    head   bigint;
begin
    for asked in
        select distinct on (c.media_id, a.id) a.id as audit, c.media_id
          from unnest(audits) as a (id)
          left join console.correction as c on c.audit_id = a.id and c.undoes is null
         where a.id is not null
         -- Of one medium the newest first, so that it does not stand in the way of the one before.
         order by c.media_id, a.id desc
    loop
        done := row(asked.media_id, null, null, null, null, null, null, null, null);
        if asked.media_id is null then
            done.outcome := 'gone';
            return next done;
            continue;
        end if;
        was := console.lock_words(asked.media_id, rank);
        done.outcome := was.outcome;
        if done.outcome is null then
            select asked.media_id, 'undone', null, undo.decided_by, c.field, c.caption, c.added, c.removed, true
              into done
              from console.correction as c
              join console.correction as undo on undo.undoes = c.id
             where c.audit_id = asked.audit
             order by c.id
             limit 1;
            if not found then
                select asked.media_id, 'overtaken', null, later.decided_by, later.field, later.caption, later.added, later.removed,
                       false
                  into done
                  from console.correction as c
                  join console.standing_correction as later
                    on later.media_id = c.media_id and later.field = c.field and later.audit_id > c.audit_id
                 where c.audit_id = asked.audit
                   and (c.field = 'caption' or (later.added || later.removed) && (c.added || c.removed))
                 order by later.id desc
                 limit 1;
            end if;
        end if;
        if done.outcome is not null then
            return next done;
            continue;
        end if;

        select h.id + 1 into strict head from console.audit_head as h for update;
        insert into console.correction (media_id, field, undoes, audit_id)
        select c.media_id, c.field, c.id, head from console.correction as c where c.audit_id = asked.audit order by c.id;
        select array_agg(c.field order by c.field) into fields from console.correction as c where c.audit_id = asked.audit;
        perform console.restore_words(array[asked.media_id]);
        select i.* into strict become from public.media_ai_insights as i where i.media_id = asked.media_id;
        done := row(asked.media_id, 'done', null, null, null, null, null, null, null);
        done.audit_id := console.append_audit(
            'media.undo', 'media', asked.media_id,
            console.words_facts(fields, (was.words).caption, (was.words).tags, (was.words).scenes),
            console.words_facts(fields, become.caption, become.tags, become.scenes));
        return next done;
    end loop;
end
$$;

-- Who may see the medium may see who corrected it: newest first.
create function console.corrections(media bigint)
    returns table (audit_id bigint, field text, caption text, added text[], removed text[], decided_by text,
                   decided_at timestamptz, is_undo boolean, stands boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select c.audit_id, c.field, said.caption, said.added, said.removed, c.decided_by, c.decided_at, c.undoes is not null,
           c.undoes is null and not exists (select from console.correction as undo where undo.undoes = c.id)
      from console.correction as c
      join console.correction as said on said.id = coalesce(c.undoes, c.id)
      join public.media_ai_insights as i on i.media_id = c.media_id
     where c.media_id = corrections.media
       and console.operator_rank() >= 2
       and (console.operator_rank() = 3 or not (i.status = 'UNSAFE' or coalesce(not i.is_safe, false)))
     order by c.id desc
     limit 200;
end;

-- The AI's row, come again or changed, is what the AI says now with what humans corrected. What operators write is left to the
-- functions above; of what an admin decides about safety the words are none.
create or replace function console.remember_decisions() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    insight record;
    entry bigint;
begin
    if not console.is_operator() then
        if exists (select from console.ai_words) then
            -- A row that is as it must be was written by `restore_words`.
            update console.ai_words as said
               set caption = case when a.caption is distinct from b.caption then a.caption else said.caption end,
                   tags = case when a.tags is distinct from b.tags then a.tags else said.tags end,
                   scenes = case when a.scenes is distinct from b.scenes then a.scenes else said.scenes end
              from after_update as a
              join before_update as b on b.media_id = a.media_id
             where said.media_id = a.media_id
               and record_image_ne(row(a.caption, a.tags, a.scenes), row(b.caption, b.tags, b.scenes))
               and record_image_ne(
                       row(a.caption, a.tags, a.scenes),
                       row(console.corrected_caption(said.media_id, said.caption),
                           console.corrected_texts(said.media_id, 'tags', said.tags),
                           console.corrected_texts(said.media_id, 'scenes', said.scenes)));
            if found then
                perform console.restore_words((select array_agg(a.media_id) from after_update as a));
            end if;
        end if;
        return null;
    end if;
    for insight in
        select a.media_id,
               coalesce(a.is_safe, a.status <> 'UNSAFE') as safe,
               console.safety_facts(b) as before,
               console.safety_facts(a) as after
          from after_update a
          join before_update b on b.media_id = a.media_id
         where record_image_eq(row(a.caption, a.tags, a.scenes), row(b.caption, b.tags, b.scenes))
            or console.safety_facts(a) <> console.safety_facts(b)
         order by a.media_id
    loop
        entry := console.append_audit('safety.decide', 'media', insight.media_id, insight.before, insight.after);
        insert into console.safety_decision (media_id, safe, reason, audit_id)
        values (insight.media_id, insight.safe, nullif(current_setting('console.reason', true), ''), entry);
    end loop;
    return null;
end;
$$;

create function console.insights_came() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from console.ai_words) then
        update console.ai_words as said
           set caption = n.caption, tags = n.tags, scenes = n.scenes
          from new_rows as n
         where said.media_id = n.media_id;
        if found then
            perform console.restore_words((select array_agg(n.media_id) from new_rows as n));
        end if;
    end if;
    return null;
end
$$;

create trigger console_keep_corrections after insert on public.media_ai_insights
    referencing new table as new_rows
    for each statement execute function console.insights_came();

-- Words may be corrected by moderators, the two words about safety by admins only.
drop trigger console_require_admin on public.media_ai_insights;
create trigger console_require_admin
    before update of media_id, post_id, status, is_safe, image_embedding on public.media_ai_insights
    for each statement execute function console.require_rank(3);
create trigger console_require_moderator
    before update on public.media_ai_insights
    for each statement execute function console.require_rank(2);

revoke execute on function
    console.corrected_caption(bigint, text), console.corrected_texts(bigint, text, text[]),
    console.words_facts(text[], text, text[], text[]), console.last_words(bigint, text), console.restore_words(bigint[]),
    console.require_moderator(), console.lock_words(bigint, integer),
    console.correct_media(bigint[], text[], boolean, text, text[], text[], text[], text[]),
    console.undo_corrections(bigint[]), console.corrections(bigint), console.insights_came()
    from public;
grant execute on function
    console.correct_media(bigint[], text[], boolean, text, text[], text[], text[], text[]),
    console.undo_corrections(bigint[]), console.corrections(bigint)
    to kaleidoscope_moderator;

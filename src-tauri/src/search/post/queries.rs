//! A post in the database.

use sqlx::{PgPool, query_as};

use super::PostPage;
use crate::{
    db::{MediaId, PostId, UserId},
    error::Result,
};

/// Media come from `console.photo` and so do their words: what the operator may not see adds none. Engagement and what the post was
/// about are the read models'.
pub(super) async fn post(db: &PgPool, id: PostId) -> Result<Option<PostPage>> {
    Ok(query_as!(
        PostPage,
        r#"
        with shown as materialized (
            select media_id, tags, scenes, row_number() over (order by position nulls last, media_id) as place
              from console.photo
             where post_id = $1
             order by place
             limit 1000
        )
        select p.post_id    as "post_id!: PostId",
               p.title,
               p.body,
               p.author_id  as "author_id!: UserId",
               author.username as "author!",
               author.department,
               p.status     as "status!",
               p.visibility as "visibility!",
               to_json(p.created_at) #>> '{}' as "created_at!",
               array(select media_id from shown order by place) as "media!: Vec<MediaId>",
               array(
                   select distinct left(tag, 200) collate "C" as tag
                     from shown
                    cross join unnest(shown.tags) as tag
                    where tag <> ''
                    order by tag
                    limit 500
               ) as "tags!",
               array(
                   select distinct left(scene, 200) collate "C" as scene
                     from shown
                    cross join unnest(shown.scenes) as scene
                    where scene <> ''
                    order by scene
                    limit 500
               ) as "scenes!",
               about.inferred_event_type as event,
               coalesce(about.inferred_tags, '{}') as "inferred_tags!",
               array(
                   select distinct named.username::text collate "C" as username
                     from console.face
                     join console.person as named on named.user_id = face.identified_user_id
                    where face.media_id in (select media_id from shown)
                    order by username
                    limit 500
               ) as "people!",
               coalesce(engagement.reactions, 0) as "reactions!",
               coalesce(engagement.comments, 0) as "comments!"
          from console.post as p
          join console.person as author on author.user_id = p.author_id
          left join console.post_search as about on about.post_id = p.post_id
         cross join lateral (
               select least(sum(m.reaction_count), 2147483647)::integer as reactions,
                      least(sum(m.comment_count), 2147483647)::integer as comments
                 from console.media_search as m
                where m.post_id = p.post_id
               ) as engagement
         where p.post_id = $1
        "#,
        id.0,
    )
    .fetch_optional(db)
    .await?)
}

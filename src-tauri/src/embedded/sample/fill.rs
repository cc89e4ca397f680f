//! Writes the sample platform's rows, a statement for each table.

use chrono::{DateTime, Days, TimeDelta, Utc};
use pgvector::Vector;
use rand::Rng;
use sqlx::{Connection, PgConnection, query, query_scalar};

use super::{
    World,
    insights::Insight,
    people::{BIOS, DEPARTMENTS, DESIGNATIONS, PROFILES},
    rng,
    vectors::{self, Faces},
};
use crate::{
    embedded::{drawing, photo_server::Addresses},
    error::Result,
};

/// Fills the six core and AI tables with the world that a seed makes, all of it or nothing, unless there are users already.
/// Posts end a day before `now`.
pub(in crate::embedded) async fn fill(
    db: &mut PgConnection,
    seed: u64,
    addresses: Addresses,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut tx = db.begin().await?;
    if query_scalar!(r#"select exists (select from users) as "filled!""#).fetch_one(&mut *tx).await? {
        return Ok(false);
    }
    let world = &World::new(seed);
    users(&mut tx, world, addresses, now).await?;
    posts(&mut tx, world, now).await?;
    media(&mut tx, world, addresses, now).await?;
    insights(&mut tx, world, now).await?;
    let faces = Faces::new(world);
    enrolments(&mut tx, &faces, addresses, now).await?;
    detected(&mut tx, world, &faces, now).await?;
    // Ids were given; what is added later follows them.
    query!(
        r#"
        select setval(pg_get_serial_sequence('users', 'user_id'), (select max(user_id) from users)) as users,
               setval(pg_get_serial_sequence('posts', 'post_id'), (select max(post_id) from posts)) as posts,
               setval(pg_get_serial_sequence('post_media', 'media_id'), (select max(media_id) from post_media)) as media
        "#
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    query!("analyze users, posts, post_media, media_ai_insights, user_face_embeddings, media_detected_faces")
        .execute(db)
        .await?;
    Ok(true)
}

/// The photo server listens somewhere else than when the addresses were written.
pub(in crate::embedded) async fn move_photos(db: &mut PgConnection, from: Addresses, to: Addresses) -> Result<()> {
    let (from, to) = (from.base(), to.base());
    let mut tx = db.begin().await?;
    query!(
        "update post_media set media_url = replace(media_url, $1, $2), thumbnail_url = replace(thumbnail_url, $1, $2)",
        from,
        to,
    )
    .execute(&mut *tx)
    .await?;
    query!("update users set profile_picture_url = replace(profile_picture_url, $1, $2)", from, to)
        .execute(&mut *tx)
        .await?;
    query!("update user_face_embeddings set source_image_url = replace(source_image_url, $1, $2)", from, to)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Row ids from positions.
fn id(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// When a post was made: from half a year ago until yesterday, in the order of their ids.
fn posted(world: &World, post: usize, now: DateTime<Utc>) -> DateTime<Utc> {
    const DAYS: usize = 180;
    const MINUTES_A_DAY: usize = 24 * 60;
    let before = (world.posts.len() - post) * DAYS * MINUTES_A_DAY / world.posts.len();
    now - TimeDelta::minutes(id(before) + id(MINUTES_A_DAY))
}

async fn users(db: &mut PgConnection, world: &World, addresses: Addresses, now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<i64> = (1..=World::USERS).map(id).collect();
    let (mut departments, mut designations, mut bios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut roles, mut statuses, mut pictures, mut joined) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 1..=World::USERS {
        let mut rng = rng(world.seed, &format!("user {number}"));
        departments.push(DEPARTMENTS[rng.random_range(0..DEPARTMENTS.len())].to_owned());
        designations.push(DESIGNATIONS[rng.random_range(0..DESIGNATIONS.len())].to_owned());
        bios.push(rng.random_bool(0.8).then(|| BIOS[rng.random_range(0..BIOS.len())].to_owned()));
        let (role, status) = match number {
            1 | 31 => ("ADMIN", "ACTIVE"),
            2 | 14 | 39 => ("MODERATOR", "ACTIVE"),
            17 | 44 => ("USER", "SUSPENDED"),
            52 => ("USER", "DELETED"),
            _ => ("USER", "ACTIVE"),
        };
        roles.push(role.to_owned());
        statuses.push(status.to_owned());
        pictures.push(addresses.user(number));
        joined.push(now - Days::new(rng.random_range(200..900)));
    }
    query!(
        r#"
        insert into users (user_id, username, email, password, full_name, department, designation, bio, profile_picture_url,
                           role, account_status, created_at, updated_at)
        select user_id, username, username || '@example.org', '!', full_name, department, designation, bio, picture,
               role, status, joined, joined
          from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                      $9::text[], $10::timestamptz[])
            as _ (user_id, username, full_name, department, designation, bio, picture, role, status, joined)
        "#,
        &ids,
        &PROFILES.map(|profile| profile.username.to_owned()),
        &PROFILES.map(|profile| profile.full_name.to_owned()),
        &departments,
        &designations,
        &bios as &[Option<String>],
        &pictures,
        &roles,
        &statuses,
        &joined,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn posts(db: &mut PgConnection, world: &World, now: DateTime<Utc>) -> Result<()> {
    let (mut ids, mut authors, mut titles, mut bodies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut statuses, mut visibilities, mut created) = (Vec::new(), Vec::new(), Vec::new());
    for (index, post) in world.posts.iter().enumerate() {
        let mut rng = rng(world.seed, &format!("post words {index}"));
        let words = post.theme.words();
        ids.push(id(index + 1));
        authors.push(id(post.author));
        titles.push(words.titles[rng.random_range(0..words.titles.len())].to_owned());
        bodies.push(rng.random_bool(0.85).then(|| words.bodies[rng.random_range(0..words.bodies.len())].to_owned()));
        statuses.push(
            match index % 20 {
                7 => "DRAFT",
                13 => "ARCHIVED",
                _ => "PUBLISHED",
            }
            .to_owned(),
        );
        visibilities.push(
            match index % 16 {
                5 => "PRIVATE",
                9 | 11 => "FOLLOWERS",
                _ => "PUBLIC",
            }
            .to_owned(),
        );
        created.push(posted(world, index, now));
    }
    query!(
        r#"
        insert into posts (post_id, user_id, title, body, status, visibility, created_at, updated_at)
        select post_id, user_id, title, body, status, visibility, created_at, created_at
          from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
            as _ (post_id, user_id, title, body, status, visibility, created_at)
        "#,
        &ids,
        &authors,
        &titles,
        &bodies as &[Option<String>],
        &statuses,
        &visibilities,
        &created,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn media(db: &mut PgConnection, world: &World, addresses: Addresses, now: DateTime<Utc>) -> Result<()> {
    let (mut ids, mut posts, mut kinds, mut urls, mut thumbnails) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut positions, mut widths, mut heights, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut seconds, mut created) = (Vec::new(), Vec::new());
    for medium in &world.media {
        ids.push(id(medium.id));
        posts.push(id(medium.post + 1));
        kinds.push(if medium.seconds.is_some() { "VIDEO" } else { "IMAGE" }.to_owned());
        urls.push(addresses.medium(medium));
        thumbnails.push(addresses.thumbnail(medium));
        positions.push(i32::try_from(medium.position).unwrap_or(0));
        widths.push(small(medium.size.0));
        heights.push(small(medium.size.1));
        sizes.push(small(medium.size.0 * medium.size.1 / 6000));
        seconds.push(medium.seconds.map(small));
        created.push(posted(world, medium.post, now));
    }
    query!(
        r#"
        insert into post_media (media_id, post_id, media_type, media_url, thumbnail_url, position, width, height, file_size_kb,
                                duration_seconds, created_at)
        select *
          from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[],
                      $9::int[], $10::int[], $11::timestamptz[])
        "#,
        &ids,
        &posts,
        &kinds,
        &urls,
        &thumbnails,
        &positions,
        &widths,
        &heights,
        &sizes,
        &seconds as &[Option<i32>],
        &created,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lists inside lists have no type of their own in PostgreSQL, so words travel as JSON.
async fn insights(db: &mut PgConnection, world: &World, now: DateTime<Utc>) -> Result<()> {
    let (mut ids, mut posts, mut statuses, mut safe, mut captions) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut tags, mut scenes, mut images, mut updated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (medium, image) in world.media.iter().zip(vectors::of_images(world)) {
        let insight = Insight::of(world, medium);
        ids.push(id(medium.id));
        posts.push(id(medium.post + 1));
        statuses.push(insight.status.to_owned());
        safe.push(insight.is_safe);
        images.push(insight.is_done().then(|| Vector::from(image)));
        captions.push(insight.caption);
        tags.push(insight.tags.map(|tags| serde_json::json!(tags)));
        scenes.push(insight.scenes.map(|scenes| serde_json::json!(scenes)));
        updated.push(posted(world, medium.post, now) + TimeDelta::seconds(40));
    }
    query!(
        r#"
        insert into media_ai_insights (media_id, post_id, status, is_safe, caption, tags, scenes, image_embedding, updated_at)
        select media_id, post_id, status, is_safe, caption,
               case when tags is not null then array(select jsonb_array_elements_text(tags)) end,
               case when scenes is not null then array(select jsonb_array_elements_text(scenes)) end,
               image_embedding, updated_at
          from unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[], $5::text[], $6::jsonb[], $7::jsonb[],
                      $8::vector[], $9::timestamptz[])
            as _ (media_id, post_id, status, is_safe, caption, tags, scenes, image_embedding, updated_at)
        "#,
        &ids,
        &posts,
        &statuses,
        &safe as &[Option<bool>],
        &captions as &[Option<String>],
        &tags as &[Option<serde_json::Value>],
        &scenes as &[Option<serde_json::Value>],
        &images as &[Option<Vector>],
        &updated,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn enrolments(db: &mut PgConnection, faces: &Faces<'_>, addresses: Addresses, now: DateTime<Utc>) -> Result<()> {
    let users: Vec<i64> = faces.enrolments.iter().map(|(user, _)| id(*user)).collect();
    let embeddings: Vec<Vector> =
        faces.enrolments.iter().map(|(_, embedding)| Vector::from(embedding.clone())).collect();
    let pictures: Vec<String> = faces.enrolments.iter().map(|(user, _)| addresses.user(*user)).collect();
    query!(
        r#"
        insert into user_face_embeddings (user_id, embedding, source_image_url, enrolled_at, updated_at)
        select user_id, embedding, picture, $4, $4
          from unnest($1::bigint[], $2::vector[], $3::text[]) as _ (user_id, embedding, picture)
        "#,
        &users,
        &embeddings as &[Vector],
        &pictures,
        now - Days::new(190),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn detected(db: &mut PgConnection, world: &World, faces: &Faces<'_>, now: DateTime<Utc>) -> Result<()> {
    let (mut media, mut boxes, mut embeddings, mut identified) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut suggested, mut similarities, mut statuses, mut created) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for medium in world.media.iter().filter(|medium| Insight::of(world, medium).is_done()) {
        for (figure, embedding) in medium.figures.iter().zip(faces.on(medium)) {
            let found = faces.matched(&embedding);
            media.push(id(medium.id));
            boxes.push(serde_json::json!(drawing::face_box(&world.people[figure.person - 1].look, figure)));
            embeddings.push(Vector::from(embedding));
            identified.push(found.identified.map(id));
            suggested.push(found.suggested.map(id));
            similarities.push(f64::from(found.similarity));
            statuses.push(found.status.to_owned());
            created.push(posted(world, medium.post, now) + TimeDelta::seconds(45));
        }
    }
    query!(
        r#"
        insert into media_detected_faces (media_id, bbox, embedding, identified_user_id, suggested_user_id, confidence_score,
                                          status, created_at)
        select media_id, array(select jsonb_array_elements_text(bbox)::int), embedding, identified, suggested, similarity,
               status, created_at
          from unnest($1::bigint[], $2::jsonb[], $3::vector[], $4::bigint[], $5::bigint[], $6::float8[], $7::text[],
                      $8::timestamptz[])
            as _ (media_id, bbox, embedding, identified, suggested, similarity, status, created_at)
        "#,
        &media,
        &boxes,
        &embeddings as &[Vector],
        &identified as &[Option<i64>],
        &suggested as &[Option<i64>],
        &similarities,
        &statuses,
        &created,
    )
    .execute(db)
    .await?;
    Ok(())
}

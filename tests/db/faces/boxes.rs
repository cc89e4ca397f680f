//! Boxes that are moved, deleted and drawn: what the AI service gets, that they outlast the AI, and taking them back.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, metadata::Orientation};
use kaleidoscope_console::{
    access::{Operator, Role},
    config,
    db::{FaceId, MIGRATOR, MediaId, Seen, UserId},
    error::{Error, Result},
    faces::{self, Bounds, Boxed, EmbeddingOf, Judgement, Moved, Said, Sight, Undone},
    media::{Embedder, Exposure, Pictures, Wanted},
};
use sqlx::{AssertSqlSafe, PgPool, query, query_as, query_scalar};

use super::{World, conflict};
use crate::rows::{operator, run, work_off};

/// Upright; no turn of it brings the red rectangle where it is.
const PICTURE: (u32, u32) = (1200, 900);
const RED: Bounds = Bounds { x: 470, y: 310, width: 183, height: 251 };

const fn bounds(x: i32, y: i32, width: i32, height: i32) -> Bounds {
    Bounds { x, y, width, height }
}

/// The picture as a camera held like this stores it.
fn stored(orientation: u8) -> Vec<u8> {
    // What is stored turned by a quarter is turned back by three.
    let turned = match orientation {
        6 => 8,
        8 => 6,
        same => same,
    };
    let inside = |x: u32, y: u32| {
        let [left, top, width, height] = [RED.x, RED.y, RED.width, RED.height].map(i32::unsigned_abs);
        (left..left + width).contains(&x) && (top..top + height).contains(&y)
    };
    let mut picture = DynamicImage::from(RgbImage::from_fn(PICTURE.0, PICTURE.1, |x, y| {
        if inside(x, y) { Rgb([220, 0, 0]) } else { Rgb([200, 200, 200]) }
    }));
    picture.apply_orientation(Orientation::from_exif(turned).expect("one of the eight"));
    let mut jpeg = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut jpeg, ImageFormat::Jpeg).expect("a JPEG");
    let jpeg = jpeg.into_inner();
    // The smallest EXIF there is: one entry, the orientation, right behind the start of the image.
    let mut tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(tiff.len() + 2).expect("it is short").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &tiff, &jpeg[2..]].concat()
}

type Reply = fn() -> Response;

/// What the AI service was sent, and what it answers next.
#[derive(Default)]
struct Service {
    asked: Vec<(String, RgbImage)>,
    answer: Option<Reply>,
}

async fn serve(router: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// As text, and as it is stored: of length 1.
fn fives() -> String {
    format!("[{}]", vec!["5"; 1024].join(","))
}

const STORED_FIVE: f32 = 1.0 / 32.0;

/// The world with a photo that can be fetched, and an AI service.
struct Boxes {
    world: World,
    pictures: Pictures,
    ai: Option<Embedder>,
    service: Arc<Mutex<Service>>,
    photos: u16,
    _folder: tempfile::TempDir,
}

impl Boxes {
    async fn new(db: PgPool) -> Self {
        let world = World::new(db).await;
        let photo = |axum::extract::Path(orientation): axum::extract::Path<u8>| async move {
            ([(header::CONTENT_TYPE, "image/jpeg")], stored(orientation))
        };
        let photos = serve(Router::new().route("/{orientation}", get(photo))).await;
        let service = Arc::new(Mutex::new(Service::default()));
        let asked = Arc::clone(&service);
        let embed = async move |headers: HeaderMap, body: Bytes| {
            let picture = image::load_from_memory_with_format(&body, ImageFormat::Jpeg).expect("a JPEG").to_rgb8();
            let mut service = asked.lock().expect("no panic");
            service.asked.push((headers[header::CONTENT_TYPE].to_str().expect("text").to_owned(), picture));
            service.answer.map_or_else(|| fives().into_response(), |answer| answer())
        };
        let port = serve(Router::new().route("/embed", post(embed))).await;
        let folder = tempfile::tempdir().expect("a folder");
        let settings = config::Media { loopback_ports: vec![photos], ..config::Media::default() };
        let boxes = Self {
            pictures: Pictures::new(&settings, folder.path()).expect("set up"),
            ai: Embedder::new(&ai(port)).expect("set up"),
            world,
            service,
            photos,
            _folder: folder,
        };
        boxes.photo_is(boxes.world.photo, 1).await;
        boxes
    }

    async fn photo_is(&self, photo: i64, orientation: u8) {
        query("update post_media set media_url = $1 where media_id = $2")
            .bind(format!("http://127.0.0.1:{}/{orientation}", self.photos))
            .bind(photo)
            .execute(&self.world.db)
            .await
            .expect("updated");
    }

    fn sight(&self) -> Sight<'_> {
        Sight { pictures: &self.pictures, ai: self.ai.as_ref() }
    }

    async fn move_box(&self, face: FaceId, to: Bounds) -> Result<Moved> {
        let seen = self.world.seen(face).await;
        faces::move_box(&self.world.as_bo, &self.world.bo, self.sight(), &seen, to).await
    }

    async fn delete(&self, face: FaceId) -> Result<Boxed> {
        faces::delete_face(&self.world.as_bo, &self.world.bo, &self.world.seen(face).await).await
    }

    async fn draw(&self, at: Bounds) -> Result<Boxed> {
        faces::draw_face(&self.world.as_bo, &self.world.bo, self.sight(), MediaId(self.world.photo), at).await
    }

    async fn undo(&self) -> Undone {
        let mut connection = self.world.as_bo.acquire().await.expect("connected");
        faces::undo(&mut connection, &self.world.bo).await.expect("undone")
    }

    fn asked(&self) -> usize {
        self.service.lock().expect("no panic").asked.len()
    }

    fn answer(&self, answer: Reply) {
        self.service.lock().expect("no panic").answer = Some(answer);
    }

    /// Box and first number of the embedding of all faces of the photo, in ascending order of their ids.
    async fn faces(&self) -> Vec<(i64, Vec<i32>, f32)> {
        query_as("select id, bbox, (embedding::real[])[1] from media_detected_faces where media_id = $1 order by id")
            .bind(self.world.photo)
            .fetch_all(&self.world.db)
            .await
            .expect("faces")
    }

    /// Everything that is stored of a face.
    async fn whole(&self, face: FaceId) -> Option<String> {
        query_scalar("select f::text from media_detected_faces as f where id = $1")
            .bind(face.0)
            .fetch_optional(&self.world.db)
            .await
            .expect("asked")
    }

    /// As the AI does that deletes and finds again: the boxes of this run.
    async fn run_again(&self, boxes: &[[i32; 4]]) {
        let mut tx = self.world.db.begin().await.expect("begun");
        query("delete from media_detected_faces where media_id = $1")
            .bind(self.world.photo)
            .execute(&mut *tx)
            .await
            .expect("deleted");
        for found in boxes {
            query(
                "insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
                 values ($1, $2, array_fill(0.03, array[1024])::vector, $3, 0.8, 'SUGGESTED')",
            )
            .bind(self.world.photo)
            .bind(found.as_slice())
            .bind(self.world.amara)
            .execute(&mut *tx)
            .await
            .expect("found");
        }
        tx.commit().await.expect("committed");
        work_off(&self.world.db, None).await;
    }

    /// What is where once the worker is through: box and status.
    async fn shown(&self) -> Vec<(Vec<i32>, String)> {
        query_as("select bbox, status from media_detected_faces where media_id = $1 order by bbox")
            .bind(self.world.photo)
            .fetch_all(&self.world.db)
            .await
            .expect("faces")
    }
}

fn ai(port: u16) -> config::Ai {
    let url = format!("http://127.0.0.1:{port}/embed").parse().expect("a URL");
    config::Ai { embed_url: Some(url), timeout: 1 }
}

async fn decide_as(world: &World, who: &(Operator, PgPool), face: FaceId, said: Said) -> Result<faces::Verdict> {
    let seen = world.seen(face).await;
    faces::decide(&mut who.1.acquire().await.expect("connected"), &who.0, &seen, said).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_moved_box_is_in_the_row_and_the_log_and_its_embedding_is_asked_anew(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    let face = world.amara_suggested().await;

    let moved = boxes.move_box(face, RED).await.expect("moved");

    assert_eq!((moved.face_id, moved.bounds, moved.embedding), (face, RED, EmbeddingOf::NewBox));
    assert_eq!(boxes.faces().await, [(face.0, vec![470, 310, 183, 251], STORED_FIVE)]);
    assert_eq!(world.row(face).await.0, "SUGGESTED", "who it is has nothing to do with it");
    assert_eq!(world.log().await, [("faces.move".into(), world.bo.username.clone(), face.0)]);
    assert!(world.verdicts().await.is_empty());
    let facts: (serde_json::Value, serde_json::Value) =
        query_as("select before -> 'box', after -> 'box' from console.audit_entry where id = $1")
            .bind(moved.audit_id.0)
            .fetch_one(&world.db)
            .await
            .expect("an entry");
    assert_eq!(facts, (serde_json::json!([10, 20, 30, 40]), serde_json::json!([470, 310, 183, 251])));

    let undone = boxes.undo().await;
    assert_eq!((undone.judgement, undone.faces), (Judgement::Moved, vec![face]));
    assert_eq!(boxes.faces().await, [(face.0, vec![10, 20, 30, 40], 0.03)]);
    let broken: Option<i64> =
        query_scalar("select broken_at from console.verify_audit()").fetch_one(&world.db).await.expect("verified");
    assert_eq!(broken, None, "the log's chain holds");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_confirmed_face_is_as_similar_as_what_is_in_its_new_box(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    run(
        &world.db,
        "insert into user_face_embeddings (user_id, embedding)
         select $1, array_agg(case when n <= 256 then -1 else 1 end order by n)::vector from generate_series(1, 1024) n",
        world.amara,
    )
    .await;
    let face = world.amara_suggested().await;
    world.confirm(&world.seen(face).await, world.amara).await.expect("confirmed");
    world.set(face, "confidence_score = 0.9").await;

    boxes.move_box(face, RED).await.expect("moved");

    let (status, identified, _, similarity) = world.row(face).await;
    assert_eq!((status.as_str(), identified), ("CONFIRMED", Some(world.amara)));
    assert!((similarity.expect("one") - 0.5).abs() < 1e-6, "{similarity:?}");
    boxes.undo().await;
    assert_eq!(world.row(face).await.3, Some(0.9));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_box_that_is_nearly_the_same_and_one_without_a_service_keep_their_embedding_and_say_so(db: PgPool) {
    let mut boxes = Boxes::new(db).await;
    let face = boxes.world.amara_suggested().await;
    boxes.world.set(face, "bbox = '{100,100,200,200}'").await;

    let nudged = boxes.move_box(face, bounds(101, 101, 200, 200)).await.expect("moved");
    assert_eq!((nudged.embedding, boxes.asked()), (EmbeddingOf::SameBox, 0));
    boxes.ai = Embedder::new(&config::Ai::default()).expect("none");
    let moved = boxes.move_box(face, RED).await.expect("moved");
    assert_eq!((moved.embedding, boxes.asked()), (EmbeddingOf::OldBox, 0));

    assert_eq!(boxes.faces().await, [(face.0, vec![470, 310, 183, 251], 0.03)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_service_gets_the_face_alone_and_upright_in_the_picture_s_own_resolution(db: PgPool) {
    let boxes = Boxes::new(db).await;
    for orientation in 1..=8 {
        boxes.photo_is(boxes.world.photo, orientation).await;
        let drawn = boxes.draw(RED).await.expect("drawn");
        let (kind, face) = boxes.service.lock().expect("no panic").asked.pop().expect("asked");
        assert_eq!((kind.as_str(), face.dimensions()), ("image/jpeg", (183, 251)), "orientation {orientation}");
        let red = face.pixels().filter(|Rgb([red, green, _])| *red > 150 && *green < 90).count();
        let all = face.pixels().len();
        assert!(red * 100 >= all * 97, "orientation {orientation}: {red} of {all} pixels are the face's");
        boxes.delete(drawn.face_id).await.expect("deleted");
    }

    boxes.draw(bounds(0, 0, 1200, 900)).await.expect("drawn");
    let (_, face) = boxes.service.lock().expect("no panic").asked.pop().expect("asked");
    assert_eq!(face.dimensions(), (512, 384), "at most 512 pixels a side");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_leaves_the_picture_is_cut_off_and_what_is_too_small_or_the_same_is_refused(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let face = boxes.world.amara_suggested().await;

    let moved = boxes.move_box(face, bounds(1100, 850, 300, 300)).await.expect("moved");
    assert_eq!(moved.bounds, bounds(1100, 850, 100, 50));
    for (wanted, sentence) in [
        (bounds(100, 100, 7, 50), "on the picture this one is 7 x 50"),
        (bounds(1195, 100, 50, 50), "on the picture this one is 5 x 50"),
        (bounds(5000, 100, 50, 50), "on the picture this one is 0 x 50"),
        (bounds(1100, 850, 100, 50), "The box is where it was"),
    ] {
        let refused = boxes.move_box(face, wanted).await.expect_err("refused");
        assert!(matches!(refused, Error::Invalid(_)) && refused.to_string().contains(sentence), "{refused}");
    }
    let refused = boxes.draw(bounds(100, 100, 50, 7)).await.expect_err("refused");
    assert!(refused.to_string().contains("at least 8 pixels"), "{refused}");
    assert_eq!(boxes.faces().await.len(), 1);
    assert_eq!(boxes.world.log().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_stored_box_that_is_none_can_be_made_one(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let face = boxes.world.amara_suggested().await;
    boxes.world.set(face, "bbox = '{1,2,3}'").await;
    work_off(&boxes.world.db, None).await;

    boxes.move_box(face, RED).await.expect("moved");
    work_off(&boxes.world.db, None).await;
    let listed: i64 =
        query_scalar("select count(*) from console.face_conflict").fetch_one(&boxes.world.db).await.expect("counted");
    assert_eq!(listed, 0);

    // The AI says the same again.
    boxes.world.set(face, "bbox = '{1,2,3}'").await;
    work_off(&boxes.world.db, None).await;
    assert_eq!(boxes.faces().await[0].1, [470, 310, 183, 251]);
    boxes.undo().await;
    assert_eq!(boxes.faces().await[0].1, [1, 2, 3]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_deleted_face_is_no_face_and_comes_back_as_it_was(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    let face = world.amara_suggested().await;
    world.set(face, "confidence_score = 'NaN', created_at = '2020-02-02'").await;
    let by = world.bo.username.clone();
    world.confirm(&world.seen(face).await, world.amara).await.expect("confirmed");
    let before = boxes.whole(face).await;

    let deleted = boxes.delete(face).await.expect("deleted");

    assert_eq!((deleted.face_id, boxes.whole(face).await), (face, None));
    let last: (String, Option<i64>, i64) =
        query_as("select judgement, person_id, audit_id from console.face_verdict order by id desc limit 1")
            .fetch_one(&world.db)
            .await
            .expect("a verdict");
    assert_eq!(last, ("no_face".into(), None, deleted.audit_id.0));
    assert_eq!(world.log().await[1..], [("faces.delete".into(), by.clone(), face.0)]);
    let next = faces::undoable(&world.as_bo, &world.bo).await.expect("asked").expect("a decision");
    assert_eq!((next.decision_id, next.judgement, next.faces), (deleted.decision_id, Judgement::Deleted, 1));

    let undone = boxes.undo().await;

    assert_eq!((undone.judgement, undone.faces, undone.kept), (Judgement::Deleted, vec![face], vec![]));
    assert_eq!(boxes.whole(face).await, before);
    let standing: Vec<(i64, String)> =
        query_as("select face_id, judgement from console.standing_verdict").fetch_all(&world.db).await.expect("asked");
    assert_eq!(standing, [(face.0, "is".into())], "what was said before holds again");
    assert_eq!(world.log().await[2..], [("faces.undo".into(), by, face.0)]);
    boxes.undo().await;
    assert_eq!(world.row(face).await.0, "SUGGESTED", "and so can be taken back what was decided before");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_drawn_face_is_one_like_others_and_goes_when_that_is_taken_back(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    run(
        &world.db,
        "insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(1, array[1024])::vector)",
        world.dana,
    )
    .await;

    let drawn = boxes.draw(RED).await.expect("drawn");

    assert_eq!(boxes.faces().await, [(drawn.face_id.0, vec![470, 310, 183, 251], STORED_FIVE)]);
    assert_eq!(world.log().await, [("faces.draw".into(), world.bo.username.clone(), drawn.face_id.0)]);
    work_off(&world.db, None).await;
    assert_eq!(world.row(drawn.face_id).await.1, Some(world.dana), "it is matched like others");

    let undone = boxes.undo().await;
    assert_eq!((undone.judgement, undone.faces), (Judgement::Drawn, vec![drawn.face_id]));
    assert!(boxes.faces().await.is_empty());
    work_off(&world.db, None).await;
    assert!(boxes.faces().await.is_empty(), "it does not come back by itself");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn where_a_face_is_or_no_service_none_is_drawn(db: PgPool) {
    let mut boxes = Boxes::new(db).await;
    let face = boxes.world.amara_suggested().await;
    boxes.world.set(face, "bbox = '{460,300,190,260}'").await;
    assert!(conflict(boxes.draw(RED).await).contains("There is a face at this place already"));

    let unseen: i64 = query_scalar(
        "insert into post_media (post_id, media_type, media_url)
         select post_id, media_type, media_url from post_media where media_id = $1 returning media_id",
    )
    .bind(boxes.world.photo)
    .fetch_one(&boxes.world.db)
    .await
    .expect("a photo that the AI has not seen");
    let refused = faces::draw_face(&boxes.world.as_bo, &boxes.world.bo, boxes.sight(), MediaId(unseen), RED).await;
    assert!(conflict(refused).contains("The AI has not looked at this photo yet"));

    assert_eq!(faces::drawing_problem(boxes.ai.as_ref()), None);
    boxes.ai = None;
    let refused = boxes.draw(bounds(10, 10, 100, 100)).await.expect_err("refused");
    assert_eq!(refused.to_string(), "Drawing needs the AI service: set `embed_url` under [ai] in config.toml.");
    assert_eq!(faces::drawing_problem(None), Some(refused.to_string().as_str()));
    assert_eq!(boxes.faces().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whatever_the_service_does_wrong_is_said_and_nothing_is_written(db: PgPool) {
    let mut boxes = Boxes::new(db).await;
    let face = boxes.world.amara_suggested().await;
    let before = boxes.whole(face).await;
    let wrong: [(Reply, &str); 8] = [
        (|| StatusCode::SERVICE_UNAVAILABLE.into_response(), "refused this face (status 503)"),
        (|| (StatusCode::FOUND, [(header::LOCATION, "/embed")]).into_response(), "sends us on to another address"),
        (|| "7".repeat(257 << 10).into_response(), "more than 256 kB"),
        (|| "<html>".into_response(), "something other than an embedding"),
        (|| format!("[{}]", vec!["1"; 1023].join(",")).into_response(), "1023 numbers instead of 1024"),
        (|| format!("[{}]", vec!["0"; 1024].join(",")).into_response(), "nothing but zeros"),
        (|| fives().replacen('5', "1e999", 1).into_response(), "something other than an embedding"),
        (
            || {
                axum::body::Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>())
                    .into_response()
            },
            "did not answer within 1 seconds",
        ),
    ];
    for (answer, sentence) in wrong {
        boxes.answer(answer);
        for refused in [boxes.move_box(face, RED).await.map(drop), boxes.draw(RED).await.map(drop)] {
            let refused = refused.expect_err(sentence);
            assert!(matches!(refused, Error::Unavailable { .. }), "{refused:?}");
            assert!(refused.to_string().contains(sentence), "{refused}");
        }
    }
    // Nobody listens there.
    boxes.ai = Embedder::new(&ai(1)).expect("set up");
    let refused = boxes.draw(RED).await.expect_err("nobody answers");
    assert!(refused.to_string().contains("can't be reached"), "{refused}");

    assert_eq!((boxes.whole(face).await, boxes.faces().await.len()), (before, 1));
    assert!(boxes.world.log().await.is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_comes_too_late_is_told_who_was_faster(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    let chidi = operator(&world.db, "chidi", Role::Moderator).await;
    let face = world.amara_suggested().await;
    let seen = world.seen(face).await;
    boxes.move_box(face, RED).await.expect("moved");
    let bo = &world.bo.username;

    let late = faces::move_box(&chidi.1, &chidi.0, boxes.sight(), &seen, bounds(0, 0, 50, 50)).await;
    assert_eq!(conflict(late), format!("{bo} has decided meanwhile: its box is another one."));
    let late = faces::delete_face(&chidi.1, &chidi.0, &seen).await;
    assert_eq!(conflict(late), format!("{bo} has decided meanwhile: its box is another one."));

    let seen = world.seen(face).await;
    boxes.delete(face).await.expect("deleted");
    let mut connection = chidi.1.acquire().await.expect("connected");
    for late in [
        faces::delete_face(&chidi.1, &chidi.0, &seen).await.map(drop),
        faces::move_box(&chidi.1, &chidi.0, boxes.sight(), &seen, RED).await.map(drop),
        faces::decide(&mut connection, &chidi.0, &seen, Said::Nobody).await.map(drop),
    ] {
        let sentence = late.expect_err("too late").to_string();
        assert_eq!(sentence, format!("This face, which {bo} deleted, is not there any more."));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn undo_of_boxes_never_goes_over_somebody_else_s_later_decision(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    let chidi = operator(&world.db, "chidi", Role::Moderator).await;
    let face = world.amara_suggested().await;
    let stays = format!("{} has decided this face since, and that stays.", chidi.0.username);

    // Named by another since it was moved, moved by another since it was named, named by another since it was drawn.
    boxes.move_box(face, RED).await.expect("moved");
    decide_as(world, &chidi, face, Said::Is(UserId(world.amara))).await.expect("confirmed");
    let kept = boxes.undo().await;
    assert!(kept.faces.is_empty() && kept.kept[0].reason == stays, "{kept:?}");
    world.confirm(&world.seen(face).await, world.dana).await.expect("confirmed");
    let seen = world.seen(face).await;
    faces::move_box(&chidi.1, &chidi.0, boxes.sight(), &seen, bounds(0, 0, 90, 90)).await.expect("moved");
    let kept = boxes.undo().await;
    assert!(kept.faces.is_empty() && kept.kept[0].reason == stays, "{kept:?}");
    let drawn = boxes.draw(RED).await.expect("drawn").face_id;
    decide_as(world, &chidi, drawn, Said::Nobody).await.expect("decided");
    let kept = boxes.undo().await;
    assert!(kept.faces.is_empty() && kept.kept[0].reason == stays, "{kept:?}");

    let now: Vec<Vec<i32>> = boxes.faces().await.into_iter().map(|(_, bbox, _)| bbox).collect();
    assert_eq!(now, [vec![0, 0, 90, 90], vec![470, 310, 183, 251]]);
    // What stays is kept against the AI, too.
    boxes.run_again(&[[10, 20, 30, 40]]).await;
    assert!(boxes.whole(drawn).await.is_some());

    // A person is on a photo once, whatever comes back.
    let other = world.amara_suggested().await;
    world.set(other, "bbox = '{800,100,50,50}', status = 'CONFIRMED', identified_user_id = suggested_user_id").await;
    boxes.delete(other).await.expect("deleted");
    decide_as(world, &chidi, drawn, Said::Is(UserId(world.amara))).await.expect("confirmed");
    let kept = boxes.undo().await;
    assert_eq!(kept.kept[0].reason, "amara is confirmed on another face of this photo by now.");
    assert_eq!(boxes.whole(other).await, None);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn runs_of_the_ai_bring_no_deleted_face_back_and_lose_no_drawn_or_moved_one(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    let (tree, moved, plain) =
        (world.amara_suggested().await, world.amara_suggested().await, world.amara_suggested().await);
    world.set(tree, "bbox = '{20,20,90,90}'").await;
    world.set(moved, "bbox = '{300,20,90,90}'").await;
    world.set(plain, "bbox = '{600,20,90,90}'").await;
    boxes.delete(tree).await.expect("deleted");
    boxes.move_box(moved, bounds(340, 60, 90, 90)).await.expect("moved");
    let drawn = boxes.draw(RED).await.expect("drawn").face_id;
    world.confirm(&world.seen(drawn).await, world.dana).await.expect("confirmed");
    let expected =
        [(vec![340, 60, 90, 90], "UNIDENTIFIED".to_owned()), (vec![470, 310, 183, 251], "CONFIRMED".to_owned())];
    let told = async || {
        let shown = boxes.shown().await;
        shown.into_iter().filter(|(bbox, _)| bbox[0] < 590).collect::<Vec<_>>()
    };

    for round in 0..6 {
        let jitter = round % 5 - 2;
        if round % 2 == 0 {
            boxes.run_again(&[[20 + jitter, 20, 92, 88], [300, 20 + jitter, 90, 90], [600 + jitter, 20, 90, 90]]).await;
        } else {
            query("update media_detected_faces set bbox = array[300 + $2, 20, 91, 90] where media_id = $1 and bbox[1] = 340")
                .bind(world.photo)
                .bind(jitter)
                .execute(&world.db)
                .await
                .expect("run again");
            work_off(&world.db, None).await;
        }
        assert_eq!(told().await, expected, "after run {round}");
        assert!(boxes.whole(drawn).await.is_some(), "the drawn face is the same one after run {round}");
        assert!(world.queue(10).await.is_empty(), "asked again after run {round}");
    }

    // A face that the AI finds by itself where one was drawn is that one, and its name is told of it.
    boxes.run_again(&[[475, 315, 180, 245], [600, 20, 90, 90]]).await;
    assert_eq!(boxes.whole(drawn).await, None);
    let named: Vec<Option<i64>> =
        query_scalar("select identified_user_id from media_detected_faces where media_id = $1 and bbox[1] = 475")
            .bind(world.photo)
            .fetch_all(&world.db)
            .await
            .expect("asked");
    assert_eq!(named, [Some(world.dana)]);

    // Where the AI has come to the same box as the operator, or a third one, it is right.
    boxes.run_again(&[[344, 62, 90, 90], [600, 20, 90, 90]]).await;
    assert!(boxes.shown().await.iter().any(|(bbox, _)| bbox == &[344, 62, 90, 90]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_moved_face_that_the_ai_found_again_is_moved_again_and_goes_back_when_that_is_taken_back(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let face = boxes.world.amara_suggested().await;
    boxes.move_box(face, RED).await.expect("moved");
    boxes.run_again(&[[11, 20, 30, 41]]).await;
    let [(again, bbox, embedding)] = boxes.faces().await.try_into().expect("one face");
    assert_ne!(again, face.0);
    assert_eq!((bbox, embedding), (vec![470, 310, 183, 251], STORED_FIVE));

    let undone = boxes.undo().await;

    assert_eq!((undone.faces, undone.kept), (vec![face], vec![]));
    assert_eq!(boxes.faces().await, [(again, vec![10, 20, 30, 40], 0.03)]);
    work_off(&boxes.world.db, None).await;
    assert_eq!(boxes.faces().await[0].1, [10, 20, 30, 40]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_box_too_many_says_nothing_of_the_face_that_stays(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    let (one, other) = (world.amara_suggested().await, world.amara_suggested().await);
    world.set(other, "bbox = '{12,22,30,40}'").await;
    world.confirm(&world.seen(one).await, world.amara).await.expect("confirmed");

    boxes.delete(other).await.expect("deleted");
    work_off(&world.db, None).await;

    assert_eq!(world.row(one).await.1, Some(world.amara));
    let said: Vec<String> =
        query_scalar("select judgement from console.face_verdict").fetch_all(&world.db).await.expect("verdicts");
    assert_eq!(said, ["is"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_face_drawn_where_one_was_deleted_is_a_face(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    run(
        &world.db,
        "insert into user_face_embeddings (user_id, embedding) values ($1, array_fill(1, array[1024])::vector)",
        world.dana,
    )
    .await;
    let first = boxes.draw(RED).await.expect("drawn").face_id;
    boxes.delete(first).await.expect("deleted");
    let second = boxes.draw(RED).await.expect("drawn again").face_id;

    work_off(&world.db, None).await;

    assert_eq!(boxes.whole(first).await, None);
    assert_eq!(world.row(second).await.1, Some(world.dana), "it is matched, and not held for a deleted one");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_crop_of_a_moved_face_is_of_its_new_box(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let face = boxes.world.amara_suggested().await;
    let crop = async || {
        let wanted = Wanted::Crop(face);
        let picture = boxes.pictures.picture(&boxes.world.as_bo, &wanted, Exposure::GUARDED).await.expect("a crop");
        let pixels = image::load_from_memory(&picture.body).expect("a JPEG").to_rgb8();
        let Rgb([red, green, _]) = *pixels.get_pixel(128, 128);
        i32::from(red) - i32::from(green)
    };
    assert!(crop().await < 50, "grey around the old box");

    boxes.move_box(face, RED).await.expect("moved");
    assert!(crop().await > 150, "red in the new box");
    boxes.undo().await;
    assert!(crop().await < 50);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn boxes_are_for_moderators_and_those_of_unsafe_media_for_admins(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let world = &boxes.world;
    let face = world.amara_suggested().await;
    let seen = world.seen(face).await;
    let media = MediaId(world.photo);
    let (staff, as_staff) = operator(&world.db, "staff", Role::Staff).await;
    // Nor where the window was made to believe otherwise.
    for by in [staff.clone(), Operator { role: Role::Admin, ..staff }] {
        for outcome in [
            faces::move_box(&as_staff, &by, boxes.sight(), &seen, RED).await.map(drop),
            faces::delete_face(&as_staff, &by, &seen).await.map(drop),
            faces::draw_face(&as_staff, &by, boxes.sight(), media, RED).await.map(drop),
        ] {
            assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
        }
    }
    for sql in [
        "select console.move_face(1, '', '{0,0,7,7}', null)",
        "select console.move_face(1, '', '{-1,0,70,70}', null)",
        "select console.move_face(1, '', '{1,2,3}', null)",
        "select console.draw_face(1, '{0,0,70,70}', null)",
        "select console.keep_boxes('{1}')",
        "insert into console.face_box default values",
        "delete from media_detected_faces",
    ] {
        query(AssertSqlSafe(sql)).execute(&world.as_bo).await.expect_err(sql);
    }

    let asked = boxes.asked();
    run(&world.db, "update media_ai_insights set status = 'UNSAFE' where media_id = $1", world.photo).await;
    let (admin, as_admin) = operator(&world.db, "admin", Role::Admin).await;
    for outcome in [
        faces::move_box(&world.as_bo, &world.bo, boxes.sight(), &seen, RED).await.map(drop),
        faces::delete_face(&world.as_bo, &world.bo, &seen).await.map(drop),
        faces::draw_face(&world.as_bo, &world.bo, boxes.sight(), media, RED).await.map(drop),
    ] {
        assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    }
    assert_eq!(boxes.asked(), asked, "nothing of it went to the AI service");
    faces::draw_face(&as_admin, &admin, boxes.sight(), media, RED).await.expect("drawn");
    faces::delete_face(&as_admin, &admin, &Seen { id: face, version: seen.version }).await.expect("deleted");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_many_boxes_those_of_a_photo_are_looked_up(db: PgPool) {
    let boxes = Boxes::new(db).await;
    let db = &boxes.world.db;
    boxes.draw(RED).await.expect("drawn");
    sqlx::raw_sql(
        "set session_replication_role = replica;
         insert into console.face_decision (judgement, faces) select 'draw', 1 from generate_series(1, 20000);
         insert into console.face_box (decision_id, audit_id, face_id, media_id, act, created_at, bbox)
         select id, -id, id + 100, id + 100, 'draw', now(), '{1,2,30,40}' from console.face_decision where id > 1;
         reset session_replication_role;
         analyze console.face_box, console.face_decision",
    )
    .execute(db)
    .await
    .expect("many boxes");
    for sql in [
        "select * from console.standing_box where media_id = any ('{1,2}')",
        "select * from console.standing_verdict where media_id = any ('{1,2}')",
        "select distinct media_id from console.face_box where media_id = any ('{1,2}')",
    ] {
        let plan: Vec<String> =
            query_scalar(AssertSqlSafe(format!("explain {sql}"))).fetch_all(db).await.expect("a plan");
        let plan = plan.join("\n");
        assert!(plan.contains("face_box") && !plan.contains("Seq Scan on face_box"), "{sql}:\n{plan}");
        assert!(!plan.contains("Seq Scan on face_decision"), "{sql}:\n{plan}");
    }
}

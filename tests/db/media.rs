//! Pictures, as each role gets them.

use std::{collections::HashMap, path::Path, sync::Arc};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use kaleidoscope_console::{
    config,
    db::{FaceId, MIGRATOR, MediaId, UserId},
    media::{Exposure, Picture, Pictures, Problem, Region, Size, Wanted},
};
use sqlx::PgPool;

/// Photos on loopback, rows that point to them, and the operator who looks: the superuser of the test, made a user of
/// the platform in the role in question.
struct World {
    db: PgPool,
    pictures: Pictures,
    address: String,
    folder: tempfile::TempDir,
}

impl World {
    /// With photos of its own by their paths.
    async fn new(db: PgPool, photos: HashMap<String, Vec<u8>>) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let photos = Router::new().fallback(get(photo)).with_state(Arc::new(photos));
        tokio::spawn(async move { axum::serve(listener, photos).await });
        Self::served_at(db, port).await
    }

    /// With photos that are served at this port.
    async fn served_at(db: PgPool, port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config::Media { loopback_ports: vec![port], ..config::Media::default() };
        let pictures = Pictures::new(&config, folder.path()).expect("set up");
        sqlx::raw_sql(
            "insert into users (user_id, username, email, password, role, account_status)
             values (1, session_user, 'one@example.org', '', 'ADMIN', 'ACTIVE');
             insert into posts (post_id, user_id, status) values (1, 1, 'PUBLISHED');",
        )
        .execute(&db)
        .await
        .expect("an operator and a post");
        Self { db, pictures, address: format!("http://127.0.0.1:{port}"), folder }
    }

    async fn operator_is(&self, role: &str) {
        sqlx::query("update users set role = $1 where user_id = 1")
            .bind(role)
            .execute(&self.db)
            .await
            .expect("updated");
    }

    /// A photo at a path of the server, or at a whole address.
    async fn medium(&self, id: i64, url: &str, status: &str) -> MediaId {
        let url = if url.starts_with('/') { format!("{}{url}", self.address) } else { url.to_owned() };
        sqlx::query(
            "with medium as (
                 insert into post_media (media_id, post_id, media_type, media_url) values ($1, 1, 'IMAGE', $2)
                 returning media_id, post_id
             )
             insert into media_ai_insights (media_id, post_id, status, is_safe)
             select media_id, post_id, $3, $3 = 'COMPLETED' from medium",
        )
        .bind(id)
        .bind(url)
        .bind(status)
        .execute(&self.db)
        .await
        .expect("inserted");
        MediaId(id)
    }

    async fn face(&self, media: MediaId, bbox: &str) -> FaceId {
        let id = sqlx::query_scalar(
            "insert into media_detected_faces (media_id, bbox, embedding)
             values ($1, $2::integer[], array_fill(0.03, array[1024])::vector(1024))
             returning id",
        )
        .bind(media.0)
        .bind(bbox)
        .fetch_one(&self.db)
        .await
        .expect("inserted");
        FaceId(id)
    }

    async fn picture(&self, wanted: Wanted, exposure: Exposure) -> Result<Picture, Problem> {
        self.pictures.picture(&self.db, &wanted, exposure).await
    }

    async fn shown(&self, wanted: Wanted) -> RgbImage {
        pixels(&self.picture(wanted, Exposure::GUARDED).await.expect("shown"))
    }

    fn restarted(&self) -> Pictures {
        let config = config::Media { loopback_ports: vec![self.port()], ..config::Media::default() };
        Pictures::new(&config, self.folder.path()).expect("set up")
    }

    fn port(&self) -> u16 {
        self.address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }

    async fn problem(&self, wanted: Wanted) -> Problem {
        self.picture(wanted, Exposure::GUARDED).await.expect_err("no picture")
    }
}

async fn photo(
    State(photos): State<Arc<HashMap<String, Vec<u8>>>>,
    uri: axum::http::Uri,
) -> Result<Vec<u8>, StatusCode> {
    photos.get(uri.path()).cloned().ok_or(StatusCode::NOT_FOUND)
}

fn pixels(picture: &Picture) -> RgbImage {
    image::load_from_memory_with_format(&picture.body, ImageFormat::Jpeg).expect("a JPEG").to_rgb8()
}

fn is_grey(image: &RgbImage) -> bool {
    image.pixels().all(|Rgb([red, green, blue])| red == green && green == blue)
}

/// A red photo of 640 x 480.
fn red() -> HashMap<String, Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = DynamicImage::from(RgbImage::from_pixel(640, 480, Rgb([220, 30, 20])));
    image.write_to(&mut bytes, ImageFormat::Jpeg).expect("encoded");
    HashMap::from([("/red.jpg".to_owned(), bytes.into_inner())])
}

/// Pictures on disk; sizes and notes of where pictures are show nothing.
fn kept(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .flat_map(|path| if path.is_dir() { kept(&path) } else { vec![path] })
        .filter(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(&[0xff, 0xd8])))
        .collect()
}

/// What is written and removed in the background.
async fn until(what: &str, ready: impl Fn() -> bool) {
    crate::rows::until(what, async || ready()).await;
}

/// Regular files below a folder.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_get_unsafe_pictures_and_those_guarded(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "UNSAFE").await;
    let face = world.face(media, "{100,100,80,100}").await;
    let all = [Wanted::Thumbnail(media), Wanted::Photo(media), Wanted::Crop(face)];

    for role in ["USER", "MODERATOR"] {
        world.operator_is(role).await;
        for wanted in all {
            for exposure in [Exposure::GUARDED, Exposure::Clear] {
                assert_eq!(world.picture(wanted, exposure).await, Err(Problem::NotFound), "{role} {wanted:?}");
            }
        }
        assert_eq!(world.pictures.size(&world.db, media).await, Err(Problem::NotFound));
    }

    world.operator_is("ADMIN").await;
    for wanted in all {
        assert!(is_grey(&world.shown(wanted).await), "{wanted:?}");
        let revealed = world.picture(wanted, Exposure::Clear).await.expect("revealed");
        assert!(revealed.fleeting && !is_grey(&pixels(&revealed)), "{wanted:?}");
    }
    assert_eq!(world.pictures.size(&world.db, media).await, Ok(Size { width: 640, height: 480 }));
    assert_eq!(files(world.folder.path()), 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn everybody_gets_safe_pictures_clear(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "COMPLETED").await;
    let face = world.face(media, "{100,100,80,100}").await;
    for role in ["USER", "MODERATOR", "ADMIN"] {
        world.operator_is(role).await;
        assert_eq!(world.shown(Wanted::Thumbnail(media)).await.dimensions(), (320, 240));
        assert_eq!(world.shown(Wanted::Photo(media)).await.dimensions(), (640, 480));
        let crop = world.shown(Wanted::Crop(face)).await;
        assert!(crop.dimensions() == (256, 256) && !is_grey(&crop));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_picture_that_an_admin_finds_unsafe_is_guarded_at_once(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "COMPLETED").await;
    assert!(!is_grey(&world.shown(Wanted::Photo(media)).await));

    sqlx::query("update media_ai_insights set is_safe = false").execute(&world.db).await.expect("updated");
    assert!(is_grey(&world.shown(Wanted::Photo(media)).await));
    world.operator_is("MODERATOR").await;
    assert_eq!(world.problem(Wanted::Photo(media)).await, Problem::NotFound);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_waits_for_a_word_is_guarded_for_admins_and_kept_by_no_disk(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "COMPLETED").await;
    let face = world.face(media, "{200,150,120,120}").await;
    sqlx::query("insert into console.safety_item (media_id, queue, severity) values (7, 'reported', 2)")
        .execute(&world.db)
        .await
        .expect("reported");
    for wanted in [Wanted::Thumbnail(media), Wanted::Photo(media), Wanted::Crop(face)] {
        let picture = world.picture(wanted, Exposure::GUARDED).await.expect("shown");
        assert!(is_grey(&pixels(&picture)) && picture.fleeting, "{wanted:?}");
    }
    assert_eq!(files(world.folder.path()), 0);
    world.operator_is("MODERATOR").await;
    assert!(!is_grey(&world.shown(Wanted::Photo(media)).await), "nobody has decided that it is not for them");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn clear_copies_on_disk_go_when_their_picture_is_refused_or_gone(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "COMPLETED").await;
    let other = world.medium(8, "/red.jpg?other", "COMPLETED").await;
    let face = world.face(media, "{200,150,120,120}").await;
    for (role, hide, asked) in [
        (
            "USER",
            "update media_ai_insights set status = 'UNSAFE', is_safe = false where media_id = 7",
            Wanted::Photo(media),
        ),
        ("MODERATOR", "update media_ai_insights set is_safe = false where media_id = 7", Wanted::Crop(face)),
        ("USER", "delete from post_media where media_id = 7", Wanted::Thumbnail(media)),
    ] {
        sqlx::raw_sql("update media_ai_insights set status = 'COMPLETED', is_safe = true")
            .execute(&world.db)
            .await
            .expect("safe");
        world.operator_is(role).await;
        for wanted in [Wanted::Thumbnail(media), Wanted::Photo(media), Wanted::Crop(face), Wanted::Photo(other)] {
            assert!(!is_grey(&world.shown(wanted).await));
        }
        until("pictures on disk", || kept(world.folder.path()).len() == 4).await;
        sqlx::query(hide).execute(&world.db).await.expect("hidden");

        // As after a restart: nothing in memory says where its picture was.
        let again = world.restarted();
        assert_eq!(again.picture(&world.db, &asked, Exposure::GUARDED).await, Err(Problem::NotFound));

        until("nothing clear of it on disk", || kept(world.folder.path()).len() == 1).await;
        world.pictures.clear().await;
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_person_s_picture_that_is_a_flagged_medium_is_treated_like_it(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "COMPLETED").await;
    sqlx::query(
        "with portrait as (update users set profile_picture_url = $1)
         insert into user_face_embeddings (user_id, embedding, source_image_url)
         values (1, array_fill(0.03, array[1024])::vector(1024), $1)",
    )
    .bind(format!("{}/red.jpg", world.address))
    .execute(&world.db)
    .await
    .expect("enrolled");
    let both = [Wanted::Portrait(UserId(1)), Wanted::Enrolled(UserId(1))];
    for wanted in both {
        assert!(!is_grey(&world.shown(wanted).await));
    }
    until("a picture on disk", || !kept(world.folder.path()).is_empty()).await;

    sqlx::query("update media_ai_insights set status = 'UNSAFE', is_safe = false where media_id = $1")
        .bind(media.0)
        .execute(&world.db)
        .await
        .expect("unsafe");

    for wanted in both {
        let picture = world.picture(wanted, Exposure::GUARDED).await.expect("shown");
        assert!(is_grey(&pixels(&picture)) && picture.fleeting, "{wanted:?}");
    }
    until("nothing clear on disk", || kept(world.folder.path()).is_empty()).await;
    for role in ["USER", "MODERATOR"] {
        world.operator_is(role).await;
        for wanted in both {
            assert_eq!(world.problem(wanted).await, Problem::NotFound, "{role} {wanted:?}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn boxes_that_are_none_are_a_sentence_each(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "COMPLETED").await;
    for bbox in [
        "{700,500,200,260}",
        "{2147483640,2147483640,2147483640,2147483640}",
        "{100,100,200}",
        "{100,100,200,260,7}",
        "{300,100,-200,260}",
        "{100,100,0,260}",
        "{}",
        "{100,NULL,200,260}",
        "{{100,100},{200,260}}",
    ] {
        let face = world.face(media, bbox).await;
        let problem = world.problem(Wanted::Crop(face)).await;
        assert!(matches!(problem, Problem::NoCrop(_)), "{bbox}: {problem}");
    }
    for bbox in ["{580,400,200,260}", "{-50,-40,200,260}", "{-10,-10,660,500}", "[0:3]={100,100,80,100}"] {
        let face = world.face(media, bbox).await;
        assert_eq!(world.shown(Wanted::Crop(face)).await.dimensions(), (256, 256), "{bbox}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn addresses_that_must_not_be_fetched_are_a_sentence_each(db: PgPool) {
    let world = World::new(db, red()).await;
    let addresses = [
        "javascript:alert(document.domain)",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "http://[::1]:22/",
        "http://2130706433:22/photo.jpg",
        "http://127.0.0.1:8900@169.254.169.254/photo.jpg",
        "data:image/svg+xml,<svg onload=alert(1) xmlns='http://www.w3.org/2000/svg'/>",
        "../../../../etc/passwd",
        "",
    ];
    for (id, address) in (1..).zip(addresses) {
        let media = world.medium(id, address, "COMPLETED").await;
        for wanted in [Wanted::Thumbnail(media), Wanted::Photo(media)] {
            let problem = world.problem(wanted).await;
            assert!(matches!(problem, Problem::Refused(_)), "{address}: {problem}");
        }
        assert!(matches!(world.pictures.size(&world.db, media).await, Err(Problem::Refused(_))), "{address}");
    }
    for (id, path) in (50..).zip(["/my photos/beach party.jpg", "/фото/海滩 🏖.jpg?q=ü#é", &"/a".repeat(480)])
    {
        let media = world.medium(id, path, "COMPLETED").await;
        assert_eq!(world.problem(Wanted::Photo(media)).await, Problem::Missing, "{path}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn videos_are_shown_by_their_preview(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/clip.mp4", "COMPLETED").await;
    sqlx::query("update post_media set media_type = 'VIDEO'").execute(&world.db).await.expect("updated");
    assert_eq!(world.problem(Wanted::Thumbnail(media)).await, Problem::NoPreview);

    let preview = format!("{}/red.jpg", world.address);
    sqlx::query("update post_media set thumbnail_url = $1").bind(preview).execute(&world.db).await.expect("updated");
    assert_eq!(world.shown(Wanted::Thumbnail(media)).await.dimensions(), (320, 240));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_videos_that_are_safe_are_played(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "COMPLETED").await;
    let problem = async || world.pictures.video(&world.db, media, 0).await.expect_err("no video");
    assert_eq!(problem().await, Problem::NoVideo("This is a photo, not a video."));

    sqlx::query("update post_media set media_type = 'VIDEO'").execute(&world.db).await.expect("updated");
    assert!(problem().await.to_string().contains("only as a whole"));

    sqlx::query("update media_ai_insights set is_safe = false").execute(&world.db).await.expect("updated");
    assert!(problem().await.to_string().contains("flagged as unsafe"));
    world.operator_is("MODERATOR").await;
    assert_eq!(problem().await, Problem::NotFound);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_flagged_video_is_fetched_for_a_reveal_of_all_of_it_and_by_nobody_else(db: PgPool) {
    let world = World::new(db, red()).await;
    let media = world.medium(7, "/red.jpg", "UNSAFE").await;
    let problem = async |region| {
        world.pictures.revealed_video(&world.db, (media, region), 0).await.expect_err("this host sends no parts")
    };
    assert_eq!(problem(None).await, Problem::NoVideo("This is a photo, not a video."));

    sqlx::query("update post_media set media_type = 'VIDEO'").execute(&world.db).await.expect("updated");
    assert!(problem(None).await.to_string().contains("only as a whole"), "the host was asked");
    let spot = Region { left: 0.25, top: 0.25, width: 0.5, height: 0.5 };
    assert!(problem(Some(spot)).await.to_string().contains("played as a whole"));
    world.operator_is("MODERATOR").await;
    assert_eq!(problem(None).await, Problem::NotFound);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_are_shown_by_their_own_and_their_enrolled_picture(db: PgPool) {
    let world = World::new(db, red()).await;
    let (own, enrolled) = (Wanted::Portrait(UserId(1)), Wanted::Enrolled(UserId(1)));
    for wanted in [own, enrolled] {
        assert_eq!(world.problem(wanted).await, Problem::NoPortrait);
    }
    assert_eq!(world.problem(Wanted::Portrait(UserId(2))).await, Problem::NotFound);

    sqlx::query(
        "with portrait as (update users set profile_picture_url = $1)
         insert into user_face_embeddings (user_id, embedding, source_image_url)
         values (1, array_fill(0.03, array[1024])::vector(1024), $1)",
    )
    .bind(format!("{}/red.jpg", world.address))
    .execute(&world.db)
    .await
    .expect("enrolled");
    for wanted in [own, enrolled] {
        assert_eq!(world.shown(wanted).await.dimensions(), (256, 256));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_enrolled_from_a_face_is_shown_by_it_to_those_who_may_see_the_photo(db: PgPool) {
    let world = World::new(db, red()).await;
    let face = world.face(world.medium(7, "/red.jpg", "COMPLETED").await, "{200,150,120,120}").await;
    sqlx::query(
        "insert into console.enrolment (user_id, origin, embedding, face_id, is_active, enrolled_at, audit_id)
         select 1, 'face', embedding, id, true, now(), console.append_audit('enrolment.enrol', 'person', 1, null, null)
           from media_detected_faces
          where id = $1",
    )
    .bind(face.0)
    .execute(&world.db)
    .await
    .expect("enrolled");
    let enrolled = Wanted::Enrolled(UserId(1));
    world.operator_is("USER").await;
    assert!(!is_grey(&world.shown(enrolled).await));

    sqlx::query("update posts set visibility = 'PRIVATE'").execute(&world.db).await.expect("private");
    assert_eq!(world.problem(enrolled).await, Problem::NotFound);
    world.operator_is("MODERATOR").await;
    assert!(!is_grey(&world.shown(enrolled).await));

    sqlx::query("update media_ai_insights set status = 'UNSAFE'").execute(&world.db).await.expect("unsafe");
    assert_eq!(world.problem(enrolled).await, Problem::NotFound);
    world.operator_is("ADMIN").await;
    assert!(is_grey(&world.shown(enrolled).await));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn without_the_database_there_is_a_sentence_too(db: PgPool) {
    let world = World::new(db, red()).await;
    world.db.close().await;
    let problem = world.problem(Wanted::Photo(MediaId(7))).await;
    assert_eq!((problem.code(), problem.status()), ("database", 503));
}

/// On the photographs and the faults of `../shared`.
mod platform {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::photos::Photos;

    const SCENES: [(&str, Size); 2] =
        [("landscape", Size { width: 1800, height: 1200 }), ("portrait", Size { width: 1200, height: 1800 })];

    fn photographs() -> HashMap<String, Vec<u8>> {
        let folder = std::env::var("PHOTOS").expect("PHOTOS is not set: run scripts/test");
        let all = std::fs::read_dir(folder).expect("a folder").flatten();
        all.map(|entry| {
            let name = entry.file_name().into_string().expect("plain names");
            (format!("/{name}"), std::fs::read(entry.path()).expect("readable"))
        })
        .collect()
    }

    fn mean_difference(left: &RgbImage, right: &RgbImage) -> f64 {
        assert_eq!(left.dimensions(), right.dimensions());
        let difference = |(left, right): (&u8, &u8)| f64::from(left.abs_diff(*right));
        left.iter().zip(right.iter()).map(difference).sum::<f64>() / f64::from(left.width() * left.height() * 3)
    }

    /// As somebody posts it once more.
    fn posted_again(file: &[u8], change: impl Fn(DynamicImage) -> DynamicImage) -> Vec<u8> {
        let picture = change(image::load_from_memory(file).expect("a picture"));
        let mut jpeg = std::io::Cursor::new(Vec::new());
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 40);
        picture.to_rgb8().write_with_encoder(encoder).expect("a JPEG");
        jpeg.into_inner()
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn a_photo_that_is_posted_again_is_the_same_picture_and_another_is_not(db: PgPool) {
        let mut photos = photographs();
        let mut shown: Vec<Vec<String>> = Vec::new();
        for name in ["/astronaut.png", "/chelsea.png", "/coffee.png"] {
            let file = photos[name].clone();
            let copies: [Vec<u8>; 4] = [
                posted_again(&file, |it| it.resize(200, 200, image::imageops::FilterType::Triangle)),
                posted_again(&file, |it| it.brighten(25)),
                posted_again(&file, |it| it.adjust_contrast(-20.0)),
                posted_again(&file, |it| it.grayscale()),
            ];
            let mut names = vec![name.to_owned()];
            for (number, copy) in copies.into_iter().enumerate() {
                names.push(format!("{name}.{number}.jpg"));
                photos.insert(format!("{name}.{number}.jpg"), copy);
            }
            shown.push(names);
        }
        // Stored in each of the eight orientations, and upright on the screen.
        shown.extend(SCENES.map(|(scene, _)| (1..=8).map(|n| format!("/exif_{scene}_{n}.jpg")).collect()));
        let world = World::new(db, photos).await;
        let mut taken = Vec::new();
        for (id, (place, name)) in
            (1..).zip(shown.iter().enumerate().flat_map(|(place, all)| all.iter().map(move |name| (place, name))))
        {
            let media = world.medium(id, name, "UNSAFE").await;
            taken.push((place, name, world.pictures.fingerprint(&world.db, media).await.expect("it can be read")));
        }
        for (place, name, one) in &taken {
            for (other_place, other_name, other) in &taken {
                let distance = one.distance(other);
                assert_eq!(one.is_same(other), place == other_place, "{name}, {other_name}: {distance} bits");
            }
        }
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn all_eight_orientations_look_the_same_with_boxes_where_they_belong(db: PgPool) {
        let world = World::new(db, photographs()).await;
        for (at, (scene, size)) in (0..).zip(SCENES) {
            let mut upright: Option<[RgbImage; 2]> = None;
            for orientation in 1..=8 {
                let path = format!("/exif_{scene}_{orientation}.jpg");
                let media = world.medium(at * 10 + orientation, &path, "COMPLETED").await;
                let face = world.face(media, "{300,800,180,240}").await;
                assert_eq!(world.pictures.size(&world.db, media).await, Ok(size), "{path}");
                let shown = [world.shown(Wanted::Thumbnail(media)).await, world.shown(Wanted::Crop(face)).await];
                let first = upright.get_or_insert_with(|| shown.clone());
                for (shown, first) in shown.iter().zip(first) {
                    let difference = mean_difference(shown, first);
                    assert!(difference < 4.0, "{path} differs by {difference:.1} of 255");
                }
            }
        }
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn real_photographs_of_every_format_are_shown(db: PgPool) {
        let world = World::new(db, photographs()).await;
        let names = ["astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "hubble_deep_field.jpg"];
        for (id, name) in (1..).zip(names) {
            let media = world.medium(id, &format!("/{name}"), "COMPLETED").await;
            let size = world.pictures.size(&world.db, media).await.expect(name);
            let thumbnail = world.shown(Wanted::Thumbnail(media)).await;
            assert_eq!(thumbnail.width(), 320.min(size.width), "{name}");
        }
    }

    /// A medium's address on the platform's server.
    fn at_platform(id: i64) -> String {
        format!("/kaleido-1-60/image/upload/v1/{id}.jpg")
    }

    /// What the platform's server does by the last three digits of a medium's id, and how it may be said.
    const FAULTS: [(i64, &[&str]); 12] = [
        (51, &["missing"]),
        (52, &["serverError"]),
        (53, &["tooSlow"]),
        (54, &["broken"]),
        (55, &["notAPicture"]),
        (56, &["redirectRefused"]),
        (57, &["redirectLoop"]),
        (58, &["tooManyPixels"]),
        (59, &["tooLarge", "tooSlow"]),
        (60, &["empty"]),
        (61, &["tooLarge"]),
        (62, &["interrupted"]),
    ];
    /// After which every fault is a sentence.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn every_fault_of_the_photo_server_is_a_sentence(db: PgPool) {
        let photos = Photos::serve().await;
        let world = World::served_at(db, photos.port).await;
        for (id, codes) in FAULTS {
            let media = world.medium(id, &at_platform(id), "COMPLETED").await;
            let begun = Instant::now();
            let problem = world.problem(Wanted::Thumbnail(media)).await;
            assert!(codes.contains(&problem.code()), "{id}: {problem:?}");
            assert!(begun.elapsed() < PATIENCE, "{id} took {:?}", begun.elapsed());
            // Once more for the reason: it is remembered.
            let begun = Instant::now();
            assert_eq!(world.problem(Wanted::Thumbnail(media)).await, problem);
            assert!(begun.elapsed() < Duration::from_secs(1), "{id} took {:?} again", begun.elapsed());
        }
    }

    /// What came of each thumbnail, and when, all asked for at once.
    async fn shown_at_once(world: &World, ids: &[i64]) -> Vec<(i64, Result<Picture, Problem>, Duration)> {
        for &id in ids {
            world.medium(id, &at_platform(id), "COMPLETED").await;
        }
        let begun = Instant::now();
        futures::future::join_all(ids.iter().map(async |&id| {
            let picture = world.picture(Wanted::Thumbnail(MediaId(id)), Exposure::GUARDED).await;
            (id, picture, begun.elapsed())
        }))
        .await
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn of_two_hundred_thumbnails_the_faulty_quarter_ends_in_time_and_the_others_do_not_wait_for_it(db: PgPool) {
        let photos = Photos::serve().await;
        let world = World::served_at(db, photos.port).await;
        let sound: Vec<i64> = (401..=550).collect();
        let alone = shown_at_once(&world, &sound).await.iter().map(|(.., took)| *took).max().unwrap_or_default();

        let fault = |n: usize| FAULTS[n % 12].0 + 1000 * i64::try_from(n / 12 + 1).expect("few");
        let other = |n: usize| 101 + i64::try_from(n / 4 * 3 + n % 4).expect("few");
        let mixed: Vec<i64> = (0..200).map(|n| if n % 4 == 3 { fault(n / 4) } else { other(n) }).collect();
        let mut last = Duration::ZERO;
        for (id, picture, took) in shown_at_once(&world, &mixed).await {
            if let Some((_, codes)) = FAULTS.iter().find(|(fault, _)| id % 1000 == *fault) {
                let problem = picture.expect_err("a fault");
                assert!(codes.contains(&problem.code()), "{id}: {problem:?}");
                assert!(took < PATIENCE, "{id} took {took:?}");
            } else {
                assert!(picture.is_ok(), "{id}: {picture:?}");
                last = last.max(took);
            }
        }
        // The server itself is busy with what it sends without end.
        assert!(last < alone * 2 + Duration::from_secs(2), "{last:?} among the faulty ones, {alone:?} alone");
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn the_parts_of_a_video_come_to_the_whole(db: PgPool) {
        let photos = Photos::serve().await;
        let world = World::served_at(db, photos.port).await;
        let path = "/kaleido-1-60/video/upload/v1/107.mp4";
        let media = world.medium(107, path, "COMPLETED").await;
        sqlx::query("update post_media set media_type = 'VIDEO'").execute(&world.db).await.expect("updated");
        let mut all = Vec::new();
        loop {
            let part = world.pictures.video(&world.db, media, all.len() as u64).await.expect("a part");
            assert_eq!((part.from, part.content_type == "video/mp4"), (all.len() as u64, all.is_empty()));
            all.extend(part.body);
            if all.len() as u64 == part.total {
                break;
            }
        }
        let whole = reqwest::get(format!("{}{path}", world.address)).await.expect("served");
        assert!(all == whole.bytes().await.expect("all of it"));
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn originals_that_are_stored_turned_have_the_size_that_the_platform_says(db: PgPool) {
        let photos = Photos::serve().await;
        let world = World::served_at(db, photos.port).await;
        // Those with id % 16 = 5 carry orientations 2 to 8 in turn; no other may tell another shape.
        for id in (4..11).map(|n| n * 16 + 5) {
            let media = world.medium(id, &at_platform(id), "COMPLETED").await;
            let size = world.pictures.size(&world.db, media).await.expect("a size");
            let shown = world.shown(Wanted::Thumbnail(media)).await;
            let (shown, told) = (shown.width() * size.height, size.width * shown.height());
            assert!(shown.abs_diff(told) < size.width.max(size.height) * 2, "{id}: {size:?}");
        }
    }
}

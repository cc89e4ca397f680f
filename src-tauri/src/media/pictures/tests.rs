use std::{collections::HashSet, fs, path::PathBuf};

use super::*;
use crate::{
    db::{FaceId, UserId},
    media::testing::{PhotoServer, Step, encoded, head, jpeg, ok, with_orientation},
};

struct World {
    server: PhotoServer,
    pictures: Pictures,
    folder: tempfile::TempDir,
}

impl World {
    async fn serving(script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let server = PhotoServer::start(script).await;
        let folder = tempfile::tempdir().expect("a folder");
        let pictures = Pictures::new(&server.config(), folder.path()).expect("set up");
        Self { server, pictures, folder }
    }

    /// As after a restart: nothing in memory.
    fn again(self) -> Self {
        let pictures = Pictures::new(&self.server.config(), self.folder.path()).expect("set up");
        Self { pictures, ..self }
    }

    fn subject(&self, path: &str, hidden: bool) -> Subject {
        Subject {
            address: self.server.address(path),
            media: None,
            hidden,
            face: Some([100, 80, 60, 80].map(Some).to_vec()),
        }
    }

    async fn shown(&self, wanted: Wanted, hidden: bool, exposure: Exposure) -> Outcome<Picture> {
        self.pictures.picture_of(self.subject("/1.jpg", hidden), wanted, exposure).await
    }

    /// Once everything that is written in the background is there; without the empty notes of whose pictures they are.
    async fn files(&self) -> Vec<PathBuf> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if entry.metadata().is_ok_and(|metadata| metadata.len() > 0) {
                    found.push(entry.path());
                }
            }
        }
        found
    }
}

const PHOTO: Wanted = Wanted::Photo(MediaId(1));
const THUMBNAIL: Wanted = Wanted::Thumbnail(MediaId(1));
const CROP: Wanted = Wanted::Crop(FaceId(1));
const PORTRAIT: Wanted = Wanted::Portrait(UserId(1));

#[tokio::test]
async fn a_picture_is_fetched_once_for_all_who_want_it_at_the_same_time() {
    let world = World::serving(|_| {
        [vec![Step::Wait(Duration::from_millis(100))], ok(&jpeg(640, 480))].into_iter().flatten().collect()
    })
    .await;
    let all = (0..20).map(|n| world.shown(if n % 2 == 0 { THUMBNAIL } else { PHOTO }, false, Exposure::GUARDED));
    let shown: HashSet<_> =
        futures::future::join_all(all).await.into_iter().map(|picture| picture.expect("shown").body).collect();
    assert_eq!(shown.len(), 2);
    assert_eq!(world.server.asked(), 1);
}

#[tokio::test]
async fn a_photo_its_size_and_its_crops_share_one_fetch() {
    let world = World::serving(|_| ok(&with_orientation(&jpeg(640, 480), 6))).await;
    world.shown(PHOTO, false, Exposure::GUARDED).await.expect("shown");
    world.shown(CROP, false, Exposure::GUARDED).await.expect("shown");
    let size = world.pictures.0.size(&world.server.address("/1.jpg"), false).await;
    assert_eq!(size, Ok(Size { width: 480, height: 640 }));
    assert_eq!(world.server.asked(), 1);
}

#[tokio::test]
async fn the_size_needs_only_the_head_of_the_file() {
    let world =
        World::serving(|_| vec![head("200 OK", ""), Step::Send(jpeg(640, 480)), Step::Forever(vec![0; 1 << 16])]).await;
    let size = world.pictures.0.size(&world.server.address("/1.jpg"), false).await;
    assert_eq!(size, Ok(Size { width: 640, height: 480 }));
}

#[tokio::test]
async fn safe_pictures_are_on_disk_for_the_next_start() {
    let world = World::serving(|_| ok(&jpeg(640, 480))).await;
    let mut shown = Vec::new();
    for wanted in [THUMBNAIL, PHOTO, CROP, PORTRAIT] {
        shown.push(world.shown(wanted, false, Exposure::GUARDED).await.expect("shown"));
    }
    // The crop needs the size of the whole.
    assert_eq!(world.files().await.len(), 5);

    let world = world.again();
    let asked = world.server.asked();
    for (wanted, before) in [THUMBNAIL, PHOTO, CROP, PORTRAIT].into_iter().zip(shown) {
        assert_eq!(world.shown(wanted, false, Exposure::GUARDED).await, Ok(before));
    }
    assert_eq!(world.server.asked(), asked);
}

#[tokio::test]
async fn unsafe_pictures_never_touch_the_disk() {
    let world = World::serving(|_| ok(&jpeg(640, 480))).await;
    for exposure in [Exposure::GUARDED, Exposure::Clear, Exposure::GUARDED] {
        for wanted in [THUMBNAIL, PHOTO, CROP] {
            let picture = world.shown(wanted, true, exposure).await.expect("shown");
            let pixels = image::load_from_memory(&picture.body).expect("a JPEG").to_rgb8();
            let grey = pixels.pixels().all(|pixel| pixel.0 == [pixel.0[0]; 3]);
            assert_eq!(grey, exposure == Exposure::GUARDED, "{wanted:?}");
            assert!(picture.fleeting);
        }
    }
    assert_eq!(world.files().await, Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_picture_that_became_unsafe_leaves_the_disk() {
    let world = World::serving(|_| ok(&jpeg(640, 480))).await;
    for wanted in [THUMBNAIL, PHOTO, CROP] {
        world.shown(wanted, false, Exposure::GUARDED).await.expect("shown");
    }
    assert_eq!(world.files().await.len(), 4);
    world.shown(THUMBNAIL, true, Exposure::GUARDED).await.expect("shown");
    assert_eq!(world.files().await, Vec::<PathBuf>::new());
}

#[tokio::test]
async fn nothing_is_left_in_memory_or_on_disk_once_it_is_cleared() {
    let world = World::serving(|_| ok(&jpeg(640, 480))).await;
    for hidden in [false, true] {
        world.shown(PHOTO, hidden, Exposure::GUARDED).await.expect("shown");
    }
    world.shown(THUMBNAIL, false, Exposure::GUARDED).await.expect("shown");
    world.files().await;
    world.pictures.clear().await;
    let inner = &world.pictures.0;
    assert_eq!((inner.made.iter().count(), inner.sources.iter().count(), inner.sizes.iter().count()), (0, 0, 0));
    assert_eq!(inner.made.weighted_size() + inner.sources.weighted_size(), 0);
    assert_eq!(world.files().await, Vec::<PathBuf>::new());

    let asked = world.server.asked();
    world.shown(THUMBNAIL, false, Exposure::GUARDED).await.expect("shown");
    assert_eq!(world.server.asked(), asked + 1);
}

#[tokio::test]
async fn memory_is_bounded_and_lets_go_of_what_was_used_longest_ago() {
    let memory = kept(10_000, MADE_KEPT, |bytes: &Arc<Vec<u8>>| bytes.len());
    for number in 0..30 {
        memory.insert(number, Ok(Arc::new(vec![0; 1000]))).await;
        memory.run_pending_tasks().await;
        assert!(memory.get(&0).await.is_some(), "used all the time, gone at {number}");
        memory.run_pending_tasks().await;
    }
    assert!(memory.weighted_size() <= 10_000);
    assert!(memory.get(&29).await.is_some() && memory.get(&1).await.is_none());
}

#[tokio::test]
async fn a_problem_is_remembered_for_whoever_asks_why() {
    let world = World::serving(|_| vec![head("404 Not Found", "")]).await;
    for wanted in [THUMBNAIL, THUMBNAIL, PHOTO] {
        assert_eq!(world.shown(wanted, false, Exposure::GUARDED).await, Err(Problem::Missing));
    }
    assert_eq!(world.server.asked(), 1);
    assert_eq!(world.pictures.0.size(&world.server.address("/1.jpg"), false).await, Err(Problem::Missing));
    assert_eq!(world.server.asked(), 1);
}

#[tokio::test]
async fn broken_and_refused_pictures_say_so() {
    let world = World::serving(|_| {
        let whole = jpeg(640, 480);
        ok(&whole[..whole.len() / 2])
    })
    .await;
    assert_eq!(world.shown(PHOTO, false, Exposure::GUARDED).await, Err(Problem::Broken));
    assert_eq!(world.shown(PHOTO, true, Exposure::Clear).await, Err(Problem::Broken));
    for address in ["", "file:///etc/passwd", "http://169.254.169.254/", "../../etc/passwd"] {
        let subject = Subject { address: address.into(), media: None, hidden: false, face: None };
        let answer = world.pictures.picture_of(subject, PHOTO, Exposure::GUARDED).await;
        assert!(matches!(answer, Err(Problem::Refused(_))), "{address}");
    }
    assert_eq!(world.server.asked(), 1);
}

#[tokio::test]
async fn a_host_that_makes_smaller_versions_is_asked_for_them() {
    let world = World::serving(|path| {
        let width = path.split_once("/w_").and_then(|(_, rest)| rest.split_once(',')).map(|(width, _)| width);
        let width = width.map_or(4000, |width| width.parse().expect("a width"));
        ok(&encoded(image::RgbImage::new(width, width * 3 / 4), image::ImageFormat::Jpeg))
    })
    .await;
    let shown = async |wanted, face: [i32; 4]| {
        let address = world.server.address("/cloud/image/upload/v1/1.jpg");
        let subject = Subject { address, media: None, hidden: false, face: Some(face.map(Some).to_vec()) };
        world.pictures.picture_of(subject, wanted, Exposure::GUARDED).await.expect("shown");
        world.pictures.0.sources.run_pending_tasks().await;
        let mut widths: Vec<_> = world
            .pictures
            .0
            .sources
            .iter()
            .map(|(address, _)| address.rsplit_once("upload/").expect("ours").1.to_owned())
            .collect();
        widths.sort();
        widths
    };
    let (small, large, larger) = ("w_320,c_limit/v1/1.jpg", "w_1600,c_limit/v1/1.jpg", "w_3200,c_limit/v1/1.jpg");
    assert_eq!(shown(THUMBNAIL, [0; 4]).await, [small]);
    assert_eq!(shown(CROP, [500, 500, 400, 500]).await, [large, small]);
    assert_eq!(shown(CROP, [500, 500, 200, 200]).await, [large, small, larger]);
    // Only a tiny face needs all of it.
    assert_eq!(shown(CROP, [500, 500, 40, 40]).await, ["v1/1.jpg", large, small, larger]);
}

use std::ops::ControlFlow;

use super::*;
use crate::media::testing::{PhotoServer, Step, head, jpeg, ok};

/// Short enough for tests; the server's faults are faster in proportion.
fn limits() -> Limits {
    Limits {
        total: Duration::from_secs(2),
        window: Duration::from_millis(200),
        least: 4 << 10,
        body: 1 << 20,
        ..Limits::default()
    }
}

async fn fetched(script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Result<Arc<Vec<u8>>, Problem> {
    let server = PhotoServer::start(script).await;
    let fetcher = Fetcher::new(&server.config(), limits()).expect("a client");
    fetcher.whole(&server.address("/1.jpg")).await
}

#[tokio::test]
async fn a_picture_arrives_whatever_its_content_type_says() {
    let picture = jpeg(64, 48);
    let served = picture.clone();
    let bytes = fetched(move |_| vec![head("200 OK", "Content-Type: text/html\r\n"), Step::Send(served.clone())]);
    assert_eq!(*bytes.await.expect("fetched"), picture);
}

#[tokio::test]
async fn a_status_that_is_no_picture_has_its_own_sentence() {
    for (status, problem) in [
        ("404 Not Found", Problem::Missing),
        ("410 Gone", Problem::Missing),
        ("403 Forbidden", Problem::Denied(403)),
        ("500 Internal Server Error", Problem::ServerError(500)),
        ("206 Partial Content", Problem::ServerError(206)),
        ("302 Found", Problem::ServerError(302)),
    ] {
        let answer = fetched(move |_| vec![head(status, "Content-Length: 9\r\n"), Step::Send(b"no luck!\n".to_vec())]);
        assert_eq!(answer.await, Err(problem), "{status}");
    }
}

#[tokio::test]
async fn a_drip_is_given_up_early() {
    let started = Instant::now();
    let answer = fetched(|_| {
        let body = jpeg(640, 480);
        vec![
            head("200 OK", &format!("Content-Length: {}\r\n", body.len())),
            Step::Drip(body, Duration::from_millis(10)),
        ]
    });
    assert_eq!(answer.await, Err(Problem::TooSlow));
    assert!(started.elapsed() < limits().total);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let answer = fetched(|_| vec![Step::Wait(Duration::from_mins(1))]);
    assert_eq!(answer.await, Err(Problem::TooSlow));
}

#[tokio::test]
async fn a_pause_before_the_first_byte_is_not_a_drip() {
    let answer =
        fetched(|_| [vec![Step::Wait(Duration::from_millis(500))], ok(&jpeg(64, 48))].into_iter().flatten().collect());
    assert!(answer.await.is_ok());
}

#[tokio::test]
async fn a_web_page_is_not_read_to_its_end() {
    let answer = fetched(|_| {
        vec![
            head("200 OK", "Content-Type: image/jpeg\r\n"),
            Step::Send(b"<html><script>alert(1)</script>".to_vec()),
            Step::Wait(Duration::from_mins(1)),
        ]
    });
    assert_eq!(answer.await, Err(Problem::NotAPicture));
}

#[tokio::test]
async fn nothing_and_next_to_nothing_are_no_pictures() {
    assert_eq!(fetched(|_| ok(b"")).await, Err(Problem::Empty));
    assert_eq!(fetched(|_| ok(b"\xff\xd8")).await, Err(Problem::NotAPicture));
}

#[tokio::test]
async fn an_announced_40_mb_are_not_begun() {
    let answer = fetched(|_| {
        vec![
            head("200 OK", &format!("Content-Length: {}\r\n", 40 << 20)),
            Step::Send(jpeg(64, 48)),
            Step::Wait(Duration::from_mins(1)),
        ]
    });
    assert_eq!(answer.await, Err(Problem::TooLarge { limit: 1 << 20 }));
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit() {
    let answer = fetched(|_| vec![head("200 OK", ""), Step::Send(jpeg(64, 48)), Step::Forever(vec![0; 1 << 16])]);
    assert_eq!(answer.await, Err(Problem::TooLarge { limit: 1 << 20 }));
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_not_taken_for_whole() {
    let answer = fetched(|_| {
        let body = jpeg(64, 48);
        vec![head("200 OK", &format!("Content-Length: {}\r\n", body.len() + 1)), Step::Send(body)]
    });
    assert_eq!(answer.await, Err(Problem::Interrupted));
}

#[tokio::test]
async fn a_reset_in_mid_body_is_told() {
    let answer = fetched(|_| {
        let body = jpeg(64, 48);
        let half = body[..body.len() / 2].to_vec();
        vec![
            head("200 OK", &format!("Content-Length: {}\r\n", body.len())),
            Step::Send(half),
            Step::Wait(Duration::from_millis(50)),
            Step::Reset,
        ]
    });
    assert_eq!(answer.await, Err(Problem::Interrupted));
}

fn redirect(location: &str) -> Vec<Step> {
    vec![head("302 Found", &format!("Location: {location}\r\nContent-Length: 0\r\n"))]
}

#[tokio::test]
async fn redirects_are_followed_a_few_times() {
    let hops = |most: u32| {
        fetched(move |path| {
            let hop: u32 = path.split_once("?hop=").map_or(0, |(_, hop)| hop.parse().expect("a number"));
            if hop < most { redirect(&format!("/1.jpg?hop={}", hop + 1)) } else { ok(&jpeg(64, 48)) }
        })
    };
    assert!(hops(5).await.is_ok());
    assert_eq!(hops(6).await, Err(Problem::RedirectLoop));
    assert_eq!(hops(u32::MAX).await, Err(Problem::RedirectLoop));
}

#[tokio::test]
async fn redirects_do_not_lead_inward_or_elsewhere() {
    for location in [
        "http://169.254.169.254/latest/",
        "http://[::ffff:169.254.169.254]/latest/",
        "http://2852039166/latest/",
        "http://127.0.0.1:22/",
        "http://localhost:1/",
        "https://evil.example/1.jpg",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user@127.0.0.1/",
        "data:image/png;base64,AAAA",
        "//evil.example/1.jpg",
    ] {
        let answer = fetched(move |_| redirect(location)).await;
        assert!(matches!(answer, Err(Problem::RedirectRefused(_))), "{location}: {answer:?}");
    }
}

#[tokio::test]
async fn a_listed_name_that_leads_inward_is_not_connected_to() {
    let server = PhotoServer::start(|_| ok(&jpeg(64, 48))).await;
    let address = server.address("/1.jpg").replace("http://127.0.0.1", "https://localhost");
    let host = address.trim_start_matches("https://").trim_end_matches("/1.jpg").to_owned();
    let fetcher = Fetcher::new(&config::Media { hosts: vec![host], ..server.config() }, limits()).expect("a client");
    assert_eq!(fetcher.whole(&address).await, Err(Problem::Refused(Refusal::Inward("localhost".into()))));
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let server = PhotoServer::start(|_| Vec::new()).await;
    let (config, address) = (server.config(), server.address("/1.jpg"));
    let fetcher = Fetcher::new(&config, limits()).expect("a client");
    assert_eq!(fetcher.whole(&address).await, Err(Problem::Unreachable));
    drop(server);
    assert_eq!(fetcher.whole(&address).await, Err(Problem::Unreachable));
}

#[tokio::test]
async fn reading_stops_where_enough_was_seen() {
    let server =
        PhotoServer::start(|_| vec![head("200 OK", ""), Step::Send(jpeg(64, 48)), Step::Forever(vec![0; 1 << 16])])
            .await;
    let fetcher = Fetcher::new(&server.config(), limits()).expect("a client");
    let enough = |start: &[u8]| if start.len() > 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let body = fetcher.read(&server.address("/1.jpg"), enough).await.expect("a start");
    assert!(!body.whole);
}

#[tokio::test]
async fn only_a_few_are_fetched_at_a_time() {
    let server = PhotoServer::start(|_| {
        [vec![Step::Wait(Duration::from_millis(20))], ok(&jpeg(64, 48))].into_iter().flatten().collect()
    })
    .await;
    let fetcher = Fetcher::new(&server.config(), Limits { at_once: 3, ..limits() }).expect("a client");
    let addresses: Vec<_> = (0..12).map(|n| server.address(&format!("/{n}.jpg"))).collect();
    let answers = futures::future::join_all(addresses.iter().map(|address| fetcher.whole(address))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.most_at_once(), 3);
}

#[tokio::test]
async fn those_that_take_long_do_not_keep_the_others_waiting() {
    let server = PhotoServer::start(|path| {
        let wait = if path.starts_with("/slow") { Duration::from_mins(1) } else { Duration::ZERO };
        [vec![Step::Wait(wait)], ok(&jpeg(64, 48))].into_iter().flatten().collect()
    })
    .await;
    let limits = Limits { at_once: 2, brisk: Duration::from_millis(50), beside: 6, ..limits() };
    let fetcher = Fetcher::new(&server.config(), limits).expect("a client");
    let addresses = |kind: &str| (0..6).map(|n| server.address(&format!("/{kind}{n}.jpg"))).collect::<Vec<_>>();
    let (slow, quick) = (addresses("slow"), addresses("quick"));
    let slow = futures::future::join_all(slow.iter().map(|address| fetcher.whole(address)));
    let quick = futures::future::join_all(quick.iter().map(|address| fetcher.whole(address)));
    // The slow ones come first, and are still under way when the others are there.
    let (mut slow, quick) = (std::pin::pin!(slow), quick);
    let quick = tokio::select! {
        biased;
        given_up = &mut slow => panic!("given up first: {given_up:?}"),
        quick = quick => quick,
    };
    assert!(quick.iter().all(Result::is_ok));
    assert!(slow.await.iter().all(|answer| *answer == Err(Problem::TooSlow)));
}

#[tokio::test]
async fn bytes_beyond_the_announced_length_are_not_taken() {
    let bytes = fetched(|_| {
        let body = jpeg(64, 48);
        vec![
            head("200 OK", &format!("Content-Length: {}\r\n", body.len())),
            Step::Send(body),
            Step::Send(vec![7; 1 << 16]),
        ]
    });
    assert_eq!(*bytes.await.expect("fetched"), jpeg(64, 48));
}

/// The answer to the part of a video that begins at this byte.
async fn part(from: u64, script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Result<Part, Problem> {
    let server = PhotoServer::start(script).await;
    let fetcher = Fetcher::new(&server.config(), limits()).expect("a client");
    fetcher.part(&server.address("/1.mp4"), from).await
}

fn partial(range: &str, body: Vec<u8>) -> Vec<Step> {
    let headers = format!("Content-Range: {range}\r\nContent-Length: {}\r\n", body.len());
    vec![head("206 Partial Content", &headers), Step::Send(body)]
}

#[tokio::test]
async fn a_part_of_a_video_is_what_was_asked_for() {
    let start = b"\0\0\0\x20ftypisom and so on".to_vec();
    let served = start.clone();
    let first = part(0, move |_| partial("bytes 0-21/5000", served.clone())).await;
    assert_eq!(first, Ok(Part { content_type: "video/mp4", body: start, from: 0, total: 5000 }));

    let later = part(4000, |_| partial("bytes 4000-4999/5000", vec![7; 1000])).await.expect("a part");
    assert_eq!((later.body.len(), later.content_type), (1000, "application/octet-stream"));
}

#[tokio::test]
async fn a_video_that_can_not_be_played_is_a_sentence() {
    let page = b"<html><video>".to_vec();
    assert!(matches!(part(0, move |_| partial("bytes 0-12/13", page.clone())).await, Err(Problem::NoVideo(_))));
    assert!(matches!(part(0, |_| ok(&[0; 100])).await, Err(Problem::NoVideo(_))));
    assert!(matches!(part(0, |_| partial("bytes 0-9/999999999999", vec![0; 10])).await, Err(Problem::NoVideo(_))));
    assert!(matches!(part(5, |_| partial("bytes 0-9/10", vec![0; 10])).await, Err(Problem::NoVideo(_))));
    assert_eq!(part(9, |_| vec![head("416 Range Not Satisfiable", "")]).await, Err(Problem::Denied(416)));
    assert!(matches!(part(0, |_| redirect("http://169.254.169.254/")).await, Err(Problem::RedirectRefused(_))));
    let endless = |_: &str| {
        vec![head("206 Partial Content", "Content-Range: bytes 0-1048575/2000000\r\n"), Step::Forever(vec![0; 1 << 16])]
    };
    assert_eq!(part(0, endless).await, Err(Problem::TooLarge { limit: 1 << 20 }));
}

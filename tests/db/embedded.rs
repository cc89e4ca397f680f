//! The demo's own server and its sample platform, started for real.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kaleidoscope_console::embedded::{Demo, DemoOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, Row};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

fn options(folder: &tempfile::TempDir) -> DemoOptions {
    DemoOptions {
        folder: Some(folder.path().to_path_buf()),
        program: env!("CARGO_BIN_EXE_kaleidoscope-console").into(),
        postgres: PathBuf::from(
            std::env::var_os("KALEIDOSCOPE_POSTGRES").expect("scripts/test names the server's folder"),
        ),
        elasticsearch: None,
        seed: 7,
        now: DateTime::<Utc>::from_timestamp(1_790_000_000, 0).expect("a moment"),
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

async fn start(folder: &tempfile::TempDir) -> Demo {
    Demo::start(&options(folder), |_| ()).await.expect("the demo starts")
}

async fn owner(demo: &Demo) -> PgConnection {
    demo.owner().connect().await.expect("the owner signs in")
}

async fn count(db: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.expect(sql)
}

fn is_running(process: u32) -> bool {
    // A process that ended and was not waited for is still listed, as a zombie.
    fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// A temporary folder is for its owner alone; where the tests are run by root, the server is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lies_where_only_its_owner_may_go_starts_all_the_same() {
    let (data, closed) = (folder(), folder());
    let installed = options(&data).postgres.canonicalize().expect("the server is there");
    let wheel = installed.ancestors().nth(2).expect("it was unpacked from a wheel");
    let copied = Command::new("cp").arg("-a").arg(wheel).arg(closed.path().join("wheel")).status().expect("cp starts");
    assert!(copied.success(), "cp: {copied}");
    let inside = installed.strip_prefix(wheel).expect("an ancestor");

    let options = DemoOptions { postgres: closed.path().join("wheel").join(inside), ..options(&data) };
    let demo = Demo::start(&options, |_| ()).await.expect("the demo starts");
    demo.stop().await.expect("the demo stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_platform_is_as_promised() {
    let folder = folder();
    let demo = start(&folder).await;
    let mut db = owner(&demo).await;

    assert_eq!(count(&mut db, "select count(*) from users").await, 60);
    assert_eq!(count(&mut db, "select count(*) from post_media").await, 400);
    let enrolled = count(&mut db, "select count(*) from user_face_embeddings").await;
    assert_eq!(enrolled, 36);
    let suggested = count(&mut db, "select count(*) from media_detected_faces where status = 'SUGGESTED'").await;
    assert!(suggested >= 120, "only {suggested} faces to decide");
    let unsafe_media =
        count(&mut db, "select count(*) from media_ai_insights where status = 'UNSAFE' and not is_safe").await;
    assert!((12..=20).contains(&unsafe_media), "{unsafe_media} unsafe media");
    assert!(count(&mut db, "select count(*) from post_media where media_type = 'VIDEO'").await >= 5);

    let outside = count(
        &mut db,
        "select count(*) from media_detected_faces join post_media using (media_id)
          where bbox[1] < 0 or bbox[2] < 0 or bbox[3] < 40 or bbox[4] < 40
             or bbox[1] + bbox[3] > width or bbox[2] + bbox[4] > height",
    )
    .await;
    assert_eq!(outside, 0, "boxes that leave their picture, or are too small to see a face in");

    let wrong = count(
        &mut db,
        "select count(*)
           from media_detected_faces as face,
                lateral (select user_id, 1 - (enrolled.embedding <=> face.embedding) as similarity
                           from user_face_embeddings as enrolled
                          order by enrolled.embedding <=> face.embedding limit 1) as nearest
          where abs(similarity - confidence_score) > 0.0005
             or status <> case when similarity > 0.85 then 'CONFIRMED' when similarity >= 0.70 then 'SUGGESTED'
                               else 'UNIDENTIFIED' end
             or identified_user_id is distinct from case when status = 'CONFIRMED' then user_id end
             or suggested_user_id is distinct from case when status = 'SUGGESTED' then user_id end",
    )
    .await;
    assert_eq!(wrong, 0, "faces whose status does not follow from the vectors");

    let twice = count(
        &mut db,
        "select count(*) from (select 1 from media_detected_faces where identified_user_id is not null
                                group by media_id, identified_user_id having count(*) > 1) as _",
    )
    .await;
    assert_eq!(twice, 0, "users who are confirmed twice on a photo");
    db.close().await.expect("goodbye");
    demo.stop().await.expect("the demo stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_seeds_make_equal_rows() {
    let (one, other) = (folder(), folder());
    let (one, other) = (start(&one).await, start(&other).await);
    let mut rows = Vec::new();
    for demo in [&one, &other] {
        let mut db = owner(demo).await;
        let sum = "select md5(string_agg(face::text, '' order by face.id)) from media_detected_faces as face";
        let faces: String = sqlx::query_scalar(sum).fetch_one(&mut db).await.expect("faces");
        let sum =
            "select md5(string_agg(row(post_id, width, height, position, created_at)::text, '' order by media_id))
                     from post_media";
        let media: String = sqlx::query_scalar(sum).fetch_one(&mut db).await.expect("media");
        rows.push((faces, media));
        db.close().await.expect("goodbye");
    }
    assert_eq!(rows[0], rows[1]);
    one.stop().await.expect("one stops");
    other.stop().await.expect("the other stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sample_operator_signs_in_with_their_role() {
    let folder = folder();
    let demo = start(&folder).await;
    let config = demo.config();
    let mut ranks = Vec::new();
    for operator in demo.operators() {
        let mut db = sqlx::postgres::PgConnectOptions::new_without_pgpass()
            .socket(&config.database.host)
            .port(config.database.port)
            .database(&config.database.database)
            .username(&operator.login.username)
            .password(&operator.login.password)
            .connect()
            .await
            .expect("the operator signs in");
        let rank: i32 = sqlx::query_scalar("select console.operator_rank()").fetch_one(&mut db).await.expect("a rank");
        ranks.push(rank);
        db.close().await.expect("goodbye");
    }
    assert_eq!(ranks, [3, 2, 1]);
    demo.worker_login().connect().await.expect("the worker signs in").close().await.expect("goodbye");
    demo.stop().await.expect("the demo stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_recovered_with_what_was_written() {
    let folder = folder();
    let demo = start(&folder).await;
    let mut db = owner(&demo).await;
    sqlx::query("update users set bio = 'written before the crash' where user_id = 5")
        .execute(&mut db)
        .await
        .expect("written");
    kill(demo.server_process().expect("a process"));
    drop(db);
    drop(demo);

    let demo = start(&folder).await;
    let mut db = owner(&demo).await;
    let bio = sqlx::query("select bio from users where user_id = 5").fetch_one(&mut db).await.expect("the user");
    assert_eq!(bio.get::<String, _>(0), "written before the crash");
    db.close().await.expect("goodbye");
    demo.stop().await.expect("the demo stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_outlived_its_console_is_ended_and_its_folder_used_again() {
    use std::os::unix::{fs::MetadataExt, process::CommandExt};

    let folder = folder();
    start(&folder).await.stop().await.expect("the demo stops");
    let data = folder.path().join("postgres");
    let owner = fs::metadata(&data).expect("data");
    let mut orphan = std::process::Command::new(options(&folder).postgres.join("bin/postgres"));
    orphan.arg("-D").arg(&data).args(["-c", "listen_addresses=", "-c"]);
    orphan.arg(format!("unix_socket_directories={}", folder.path().join("run").display()));
    let mut orphan = orphan.uid(owner.uid()).gid(owner.gid()).current_dir("/").spawn().expect("the orphan starts");
    let pid_file = data.join("postmaster.pid");
    for _ in 0..200 {
        if fs::read_to_string(&pid_file).is_ok_and(|content| content.contains("ready")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let demo = start(&folder).await;
    assert!(!is_running(orphan.id()));
    orphan.wait().expect("the orphan has ended");
    demo.stop().await.expect("the demo stops");
}

/// However that ends: what a killed console leaves of itself is a closed pipe.
#[tokio::test]
async fn a_part_of_the_demo_ends_with_its_console() {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_kaleidoscope-console"))
        .arg("demo-part")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the part starts");
    let mut console = child.stdin.take().expect("a pipe");
    console.write_all(b"{\"Photos\": {\"seed\": 7, \"port\": null}}\n").await.expect("the order is taken");
    let mut said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let port = said.next_line().await.expect("it can be read").expect("the part says where it listens");
    let photo = format!("http://127.0.0.1:{port}/sample/image/upload/w_64/v1/9.jpg");
    assert!(reqwest::get(&photo).await.expect("an answer").status().is_success());

    drop(console);
    let ended = tokio::time::timeout(Duration::from_secs(20), child.wait()).await.expect("it ends").expect("it ended");
    assert!(ended.success(), "{ended}");
    reqwest::get(photo).await.expect_err("nobody answers any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn demos_run_side_by_side_but_not_in_one_folder() {
    let (one, other) = (folder(), folder());
    let first = start(&one).await;
    let second = start(&other).await;
    assert_ne!(first.config().media.loopback_ports, second.config().media.loopback_ports);
    let refused = Demo::start(&options(&one), |_| ()).await.expect_err("the folder is taken");
    assert!(refused.to_string().contains("Another demo is using"), "{refused}");
    first.stop().await.expect("the first stops");
    second.stop().await.expect("the second stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_demo_leaves_no_process_and_starts_again_with_its_photos_where_they_are() {
    let folder = folder();
    let demo = start(&folder).await;
    let process = demo.server_process().expect("a process");
    let port = demo.config().media.loopback_ports[0];
    demo.stop().await.expect("the demo stops");
    assert!(!is_running(process));

    // Somebody else has the port now.
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    let demo = start(&folder).await;
    let now = demo.config().media.loopback_ports[0];
    assert_ne!(now, port);
    let mut db = owner(&demo).await;
    let elsewhere: i64 =
        sqlx::query_scalar("select count(*) from post_media where media_url not like $1 or thumbnail_url not like $1")
            .bind(format!("http://127.0.0.1:{now}/%"))
            .fetch_one(&mut db)
            .await
            .expect("addresses");
    assert_eq!(elsewhere, 0);
    let url: String = sqlx::query_scalar("select thumbnail_url from post_media where media_id = 9")
        .fetch_one(&mut db)
        .await
        .expect("a photo");
    let photo = reqwest::get(url).await.expect("an answer").bytes().await.expect("a photo");
    assert_eq!(image::load_from_memory(&photo).expect("a picture").width(), 320);
    drop(taken);
    db.close().await.expect("goodbye");
    demo.stop().await.expect("the demo stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_a_server_is_named_in_the_error() {
    let (folder, nothing) = (folder(), folder());
    let options = DemoOptions { postgres: nothing.path().to_path_buf(), ..options(&folder) };
    let error = Demo::start(&options, |_| ()).await.expect_err("there is no server");
    assert!(error.to_string().contains("KALEIDOSCOPE_POSTGRES"), "{error}");
}

fn kill(process: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &process.to_string()]).status().expect("kill runs");
    assert!(killed.success());
    for _ in 0..100 {
        if !is_running(process) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("process {process} is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_elasticsearch_node_comes_and_goes_with_the_demo() {
    let home = std::env::var_os("KALEIDOSCOPE_ELASTICSEARCH").expect("scripts/test names the node's folder");
    let folder = folder();
    let options = DemoOptions { elasticsearch: Some(home.into()), ..options(&folder) };
    let demo = Demo::start(&options, |_| ()).await.expect("the demo starts");
    let url = demo.elasticsearch().expect("a node").clone();
    let health = url.join("_cluster/health").expect("an address");
    let answer = reqwest::get(health.clone()).await.expect("an answer").text().await.expect("text");
    assert!(answer.contains("kaleidoscope-demo"), "{answer}");
    demo.stop().await.expect("the demo stops");
    reqwest::get(health).await.expect_err("nobody answers any more");
}

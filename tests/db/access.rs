//! Who may sign in and what each login may do, in the window and with psql.

use std::{path::PathBuf, time::Duration};

use kaleidoscope_console::{
    access::{self, Operator, Role},
    db::{self, Address, FaceId, MIGRATOR, MediaId, RowVersion, Seen, UserId},
    error::Error,
    faces::{self, Said},
};
use sqlx::{AssertSqlSafe, PgPool, query_scalar};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    database::address,
    process::free_port,
    rows::{face, operator, photo, post, run, user},
};

/// Accounts are of one database, logins of the whole server.
fn unique(name: &str) -> String {
    format!("{name}_{:016x}", rand::random::<u64>())
}

async fn execute(db: &PgPool, sql: String) {
    sqlx::query(AssertSqlSafe(sql.clone())).execute(db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// An account with its login and the password `test`.
async fn login(db: &PgPool, name: &str, role: Role) -> Address {
    let username = unique(name);
    let id = user(db, &username).await;
    run(db, "update users set role = 'ADMIN' where user_id = $1", id).await;
    access::add_login(db, &username, role, "test").await.expect("a login");
    address(db, &username, "test")
}

async fn refused(address: &Address) -> String {
    match access::sign_in(address).await {
        Err(Error::SignIn(sentence)) => sentence,
        other => panic!("not refused with a sentence: {other:?}"),
    }
}

fn says(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "`{part}` is missing in: {sentence}");
    }
}

/// The SQLSTATE with which PostgreSQL refuses a statement.
async fn state(db: &PgPool, sql: &str) -> String {
    match sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(db).await {
        Err(sqlx::Error::Database(refused)) => refused.code().expect("a state").into_owned(),
        other => panic!("{sql}: {other:?}"),
    }
}

/// PostgreSQL's "insufficient privilege".
const NO_RIGHT: &str = "42501";

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_signs_in_is_known_by_name_and_role(db: PgPool) {
    let chidi = login(&db, "chidi", Role::Moderator).await;

    let (pool, operator) = access::sign_in(&chidi).await.expect("signed in");

    assert_eq!((operator.username.as_str(), operator.role), (chidi.username.as_str(), Role::Moderator));
    assert_eq!(access::current(&pool).await.expect("asked"), Some(operator));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_wrong_password_is_to_be_typed_again(db: PgPool) {
    let chidi = login(&db, "chidi", Role::Staff).await;
    let wrong = Address { password: "tset".into(), ..chidi };
    says(&refused(&wrong).await, &["does not accept this name and password", "Type them again"]);
    let unheard_of = Address { password: "p😀".into(), ..wrong };
    says(&refused(&unheard_of).await, &["password has characters"]);
    let nobody = address(&db, "nobody_of_this_name", "test");
    says(&refused(&nobody).await, &["does not accept this name and password"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_login_in_none_of_the_groups_is_told_to_ask_an_administrator(db: PgPool) {
    let username = unique("lone");
    user(&db, &username).await;
    execute(&db, format!("create role {username} login password 'test'")).await;
    says(&refused(&address(&db, &username, "test")).await, &["groups", "kaleidoscope-console operator add"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_suspended_account_and_a_missing_one_can_t_sign_in(db: PgPool) {
    let chidi = login(&db, "chidi", Role::Admin).await;
    execute(&db, format!("update users set account_status = 'SUSPENDED' where username = '{}'", chidi.username)).await;
    says(&refused(&chidi).await, &[&chidi.username, "ACTIVE account", "Ask an administrator"]);
    execute(&db, format!("delete from users where username = '{}'", chidi.username)).await;
    says(&refused(&chidi).await, &["is not an operator", "Ask an administrator"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_database_that_is_not_there_is_named(db: PgPool) {
    let chidi = login(&db, "chidi", Role::Staff).await;
    let elsewhere = Address { database: "kaleidoscop".into(), ..chidi };
    says(&refused(&elsewhere).await, &["There is no database kaleidoscop at 127.0.0.1", "Check its name"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_server_that_can_t_be_reached_is_named(db: PgPool) {
    let here = address(&db, "chidi", "test");
    let closed = Address { port: free_port(), ..here.clone() };
    says(&refused(&closed).await, &[&format!("127.0.0.1:{}", closed.port), "Check host and port"]);
    let unknown = Address { host: "kaleidoscope.invalid".into(), ..here.clone() };
    says(&refused(&unknown).await, &["kaleidoscope.invalid", "Check host and port"]);
    let no_socket = Address { host: "/nowhere".into(), ..here };
    says(&refused(&no_socket).await, &["/nowhere", "Check host and port"]);
}

/// A server that does `answer` with each connection.
async fn server<F: Future<Output = ()> + Send>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> Address {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            answer(connection).await;
        }
    });
    Address {
        host: "localhost".into(),
        port,
        database: "kaleidoscope".into(),
        username: "chidi".into(),
        password: "test".into(),
        ca: None,
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let silent = server(async |connection| {
        tokio::spawn(async move {
            let _open = connection;
            std::future::pending::<()>().await;
        });
    })
    .await;
    match db::connect_within(&silent, Duration::from_millis(250)).await {
        Err(Error::SignIn(said)) => says(&said, &["did not answer within 0.25 seconds", "Check host and port"]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_is_not_postgresql_is_recognised() {
    let web = server(async |mut connection| {
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok();
    })
    .await;
    says(&refused(&web).await, &["is not PostgreSQL's", "Check host and port"]);
}

/// A server with TLS for `name`, signed by itself, and the file with its certificate.
async fn tls_server(folder: &tempfile::TempDir, name: &str) -> (Address, PathBuf) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let ca = folder.path().join(format!("{name}.pem"));
    std::fs::write(&ca, made.cert.pem()).expect("written");
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a key for the certificate");
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let address = server(move |mut connection| {
        let acceptor = acceptor.clone();
        async move {
            let mut request = [0; 8];
            if connection.read_exact(&mut request).await.is_ok() && connection.write_all(b"S").await.is_ok() {
                acceptor.accept(connection).await.ok();
            }
        }
    })
    .await;
    (address, ca)
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_refused_wherever_an_authority_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (address, ca) = tls_server(&folder, "localhost").await;
    let (misnamed, misnamed_ca) = tls_server(&folder, "db.example.org").await;

    let of_another = Address { ca: Some(misnamed_ca.clone()), ..address.clone() };
    says(&refused(&of_another).await, &["The certificate of localhost", "is not trusted", "config.toml"]);
    let for_another = Address { ca: Some(misnamed_ca), ..misnamed };
    says(&refused(&for_another).await, &["is not trusted", "the host name that the certificate is for"]);
    // The right one is taken: what fails then is that nobody speaks PostgreSQL behind it.
    let trusted = refused(&Address { ca: Some(ca), ..address.clone() }).await;
    assert!(!trusted.contains("certificate"), "{trusted}");
    let no_file = Address { ca: Some(folder.path().join("gone.pem")), ..address };
    says(&refused(&no_file).await, &["gone.pem can't be read", "config.toml"]);
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_an_authority_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, ca) = tls_server(&folder, "localhost").await;
    let plain = server(async |mut connection| {
        connection.write_all(b"N").await.ok();
    })
    .await;
    says(&refused(&Address { ca: Some(ca), ..plain }).await, &["does not offer the encrypted connection", "TLS"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_weaker_of_group_and_platform_role_counts(db: PgPool) {
    let mut address = login(&db, "chidi", Role::Admin).await;
    for (group, platform, effective) in [
        (Role::Admin, "ADMIN", Role::Admin),
        (Role::Admin, "MODERATOR", Role::Moderator),
        (Role::Admin, "USER", Role::Staff),
        (Role::Moderator, "ADMIN", Role::Moderator),
        (Role::Moderator, "MODERATOR", Role::Moderator),
        (Role::Moderator, "hostile", Role::Staff),
        (Role::Staff, "ADMIN", Role::Staff),
    ] {
        execute(&db, format!("update users set role = 'ADMIN' where username = '{}'", address.username)).await;
        address.password = unique("password");
        access::add_login(&db, &address.username, group, &address.password).await.expect("renewed");
        execute(&db, format!("update users set role = '{platform}' where username = '{}'", address.username)).await;
        let (_, operator) = access::sign_in(&address).await.expect("signed in");
        assert_eq!(operator.role, effective, "{group} and {platform}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_login_is_only_made_for_an_active_account_of_the_right_role(db: PgPool) {
    let name = unique("bo");
    let id = user(&db, &name).await;
    for (role, needs) in [(Role::Moderator, "ADMIN or MODERATOR"), (Role::Admin, "need to be ADMIN")] {
        let refused = access::add_login(&db, &name, role, "test").await.expect_err("a USER");
        assert!(matches!(&refused, Error::Invalid(said) if said.contains(needs)), "{refused}");
    }
    let refused = access::add_login(&db, &name, Role::Staff, "").await.expect_err("no password");
    says(&refused.to_string(), &["The password is empty"]);
    let refused = access::add_login(&db, &name, Role::Staff, "p😀").await.expect_err("nobody could sign in with it");
    says(&refused.to_string(), &["password has characters"]);
    let refused = access::add_login(&db, "nobody", Role::Staff, "test").await.expect_err("nobody");
    says(&refused.to_string(), &["has no account nobody"]);
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", id).await;
    let refused = access::add_login(&db, &name, Role::Staff, "test").await.expect_err("suspended");
    says(&refused.to_string(), &["is SUSPENDED"]);
    let made: bool = query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(&name)
        .fetch_one(&db)
        .await
        .expect("asked");
    assert!(!made);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn hostile_names_and_passwords_are_only_names_and_passwords(db: PgPool) {
    let password = r#"p'a"s\s; -- drop table users $1 %s ü"#;
    for name in [r#"x"; drop table users; --"#, "o'brien", r"back\slash", "Ünïcode %I", " "] {
        let name = format!("{name}{:08x}", rand::random::<u32>());
        user(&db, &name).await;
        access::add_login(&db, &name, Role::Staff, password).await.expect("a login");
        let (_, operator) = access::sign_in(&address(&db, &name, password)).await.expect("signed in");
        assert_eq!(operator.username, name);
        let logins = access::list_logins(&db).await.expect("listed");
        let listed = logins.iter().find(|login| login.username == name).expect("in the list");
        assert_eq!(listed.groups, ["kaleidoscope_staff"]);
        execute(&db, format!("drop role \"{}\"", name.replace('"', "\"\""))).await;
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn roles_that_are_not_the_console_s_are_never_taken_over(db: PgPool) {
    let service = unique("backend");
    execute(&db, format!("create role {service} login password 'theirs'")).await;
    let superuser = db.connect_options().get_username().to_owned();
    for name in [superuser.as_str(), "kaleidoscope_staff", "kaleidoscope_worker", &service] {
        user(&db, name).await;
        let refused = access::add_login(&db, name, Role::Staff, "mine").await.expect_err("not a login of the console");
        assert!(matches!(&refused, Error::Invalid(said) if said.contains("none of the console's")), "{refused}");
    }
    let kept: (bool, bool) = sqlx::query_as(
        "select (select rolsuper from pg_roles where rolname = $1),
                not exists (select from pg_roles where rolname in ('kaleidoscope_staff', 'kaleidoscope_worker') and rolcanlogin)",
    )
    .bind(&superuser)
    .fetch_one(&db)
    .await
    .expect("asked");
    assert_eq!(kept, (true, true));
    // PostgreSQL would cut the name off, and the login be somebody else's.
    let long = "ü".repeat(50);
    user(&db, &long).await;
    let refused = access::add_login(&db, &long, Role::Staff, "test").await.expect_err("too long");
    says(&refused.to_string(), &["longer than the 63 bytes"]);
}

/// What everybody tries in vain, and what the moderator and the admin may.
#[sqlx::test(migrator = "MIGRATOR")]
async fn each_role_reads_and_writes_what_it_may_and_nothing_else(db: PgPool) {
    let ada = user(&db, "ada").await;
    let medium = photo(&db, post(&db, ada, "open").await, "", &[]).await;
    face(&db, medium, None).await;
    let (_, staff) = operator(&db, "staff", Role::Staff).await;
    let (_, moderator) = operator(&db, "moderator", Role::Moderator).await;
    let (_, admin) = operator(&db, "admin", Role::Admin).await;

    for pool in [&staff, &moderator, &admin] {
        for table in [
            "users",
            "posts",
            "post_media",
            "media_ai_insights",
            "user_face_embeddings",
            "media_detected_faces",
            "read_model_media_search",
            "read_model_post_search",
            "read_model_user_search",
            "read_model_face_search",
            "read_model_recommendations_knn",
            "read_model_feed_personalized",
            "read_model_known_faces",
        ] {
            for sql in [
                format!("select from {table}"),
                format!("delete from {table}"),
                format!("insert into {table} default values"),
            ] {
                assert_eq!(state(pool, &sql).await, NO_RIGHT, "{sql}");
            }
        }
        for sql in [
            "insert into console.audit_entry select * from console.audit_entry",
            "update console.audit_head set id = 0",
            "insert into console.face_verdict (face_id) values (1)",
            "insert into console.safety_decision (media_id) values (1)",
            "select console.append_audit('a', 'b', 1, null, null)",
            "delete from console.face",
            "delete from console.insight",
            "update console.face set media_id = 1",
            "update console.face set bbox = '{}'",
            "delete from console.read_model_queue",
            "delete from console._sqlx_migrations",
            "create table console.mine (id bigint)",
        ] {
            assert_eq!(state(pool, sql).await, NO_RIGHT, "{sql}");
        }
        let people: i64 = query_scalar("select count(*) from console.person").fetch_one(pool).await.expect("people");
        assert_eq!(people, 4);
    }
    let name_face = "update console.face set status = 'UNIDENTIFIED'";
    let judge = "update console.insight set is_safe = true, status = 'COMPLETED'";
    assert_eq!(state(&staff, name_face).await, NO_RIGHT);
    assert_eq!(state(&staff, judge).await, NO_RIGHT);
    assert_eq!(state(&moderator, judge).await, NO_RIGHT);
    assert_eq!(state(&moderator, "select from console.insight").await, NO_RIGHT);
    for (pool, sql) in [(&moderator, name_face), (&admin, name_face), (&admin, judge)] {
        let done = sqlx::query(AssertSqlSafe(sql)).execute(pool).await.expect("allowed");
        assert_eq!(done.rows_affected(), 1, "{sql}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_secret_column_is_within_an_operator_s_reach(db: PgPool) {
    let (_, admin) = operator(&db, "admin", Role::Admin).await;
    let exposed: Vec<String> = query_scalar(
        r"select a.attrelid::regclass || '.' || a.attname
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid and c.relnamespace in ('public'::regnamespace, 'console'::regnamespace)
           where a.attnum > 0
             and not a.attisdropped
             and (a.attname ~ 'password|email|embedding' or a.atttypid = 'public.vector'::regtype)
             and (a.attname !~ '^is_' and has_column_privilege(a.attrelid, a.attnum, 'select'))",
    )
    .fetch_all(&admin)
    .await
    .expect("the catalog");
    assert_eq!(exposed, [""; 0]);
    // With one of those that act as the owner, on a table of theirs, anybody could write what they like.
    let open: Vec<String> = query_scalar(
        "select oid::regprocedure::text from pg_proc
          where pronamespace = 'console'::regnamespace
            and prosecdef
            and has_function_privilege('public', oid, 'execute')",
    )
    .fetch_all(&db)
    .await
    .expect("the catalog");
    assert_eq!(open, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn suspending_somebody_works_at_once(db: PgPool) {
    let ada = user(&db, "ada").await;
    let medium = photo(&db, post(&db, ada, "open").await, "", &[]).await;
    let named = face(&db, medium, None).await;
    let (bo, pool) = operator(&db, "bo", Role::Admin).await;
    let seen = async |face: i64| -> Seen<FaceId> {
        let version = query_scalar("select xmin::text from media_detected_faces where id = $1").bind(face);
        Seen { id: FaceId(face), version: RowVersion(version.fetch_one(&db).await.expect("a face")) }
    };
    let mut open = pool.acquire().await.expect("a connection that stays open");
    faces::decide(&mut open, &bo, &seen(named).await, Said::Is(UserId(ada))).await.expect("while active");

    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", bo.user_id.0).await;

    for view in ["person", "photo", "face", "insight", "safety_waiting", "activity", "media_search", "face_search"] {
        let sql = format!("select count(*) from console.{view}");
        let rows: i64 = query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *open).await.expect("no rows");
        assert_eq!(rows, 0, "{view}");
    }
    let late = faces::decide(&mut open, &bo, &seen(named).await, Said::IsNot(None)).await;
    assert!(matches!(late, Err(Error::NotFound(_) | Error::Forbidden(_))), "{late:?}");
    drop(open);
    for sql in ["update console.face set status = 'CONFIRMED'", "update console.insight set is_safe = false"] {
        assert_eq!(state(&pool, sql).await, NO_RIGHT, "{sql}");
    }
    assert_eq!(access::current(&pool).await.expect("asked"), None);
    let photo = faces::photo(&pool, &bo, MediaId(medium)).await;
    assert!(matches!(photo, Err(Error::NotFound(_))), "{photo:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_demoted_on_the_platform_stops_writing_whatever_their_group(db: PgPool) {
    let ada = user(&db, "ada").await;
    let medium = photo(&db, post(&db, ada, "open").await, "", &[]).await;
    face(&db, medium, None).await;
    let (bo, pool): (Operator, PgPool) = operator(&db, "bo", Role::Admin).await;

    run(&db, "update users set role = 'USER' where user_id = $1", bo.user_id.0).await;

    let rows: i64 = query_scalar("select count(*) from console.face").fetch_one(&pool).await.expect("staff may look");
    assert_eq!(rows, 1);
    for sql in ["update console.face set status = 'CONFIRMED'", "update console.insight set is_safe = false"] {
        assert_eq!(state(&pool, sql).await, NO_RIGHT, "{sql}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_signed_in_is_looked_up_and_not_searched_for_among_all_users(db: PgPool) {
    let (_, staff) = operator(&db, "staff", Role::Staff).await;
    execute(
        &db,
        "insert into users (username, email, password, full_name, role, account_status)
         select 'user' || n, n || '@example.org', '', '', 'USER', 'ACTIVE' from generate_series(1, 20000) as n"
            .into(),
    )
    .await;
    execute(&db, "analyze users".into()).await;
    let mut session = staff.acquire().await.expect("a session");
    for function in ["operator_rank", "operator_id"] {
        let explain = format!("explain (analyze, buffers, format json) select console.{function}()");
        let mut read = Vec::new();
        // A look may read the catalogue, too: the first, and one after somebody changed that.
        for _ in 0..5 {
            let plan: serde_json::Value =
                query_scalar(AssertSqlSafe(explain.clone())).fetch_one(&mut *session).await.expect("a plan");
            let blocks = |kind: &str| plan[0]["Plan"][kind].as_i64().expect("blocks");
            read.push(blocks("Shared Hit Blocks") + blocks("Shared Read Blocks"));
        }
        assert!(read.iter().min().is_some_and(|least| (1..=20).contains(least)), "{function} reads {read:?} blocks");
    }
}

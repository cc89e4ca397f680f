//! Searching without Elasticsearch, and what an operator sees of the read models.

use kaleidoscope_console::{
    access::Role,
    db::{MIGRATOR, MediaId},
    error::{Code, Error},
    search::{
        Engine, Example, Like, Requests, SearchQuery, Sort, SuggestionKind, facet_values, facets, others, search,
        suggest,
    },
    sync::{QueueKind, count_terms, status},
};
use sqlx::{PgPool, query, query_as, query_scalar};

use crate::rows::{face, operator, photo, post, run, until, user, work_off};

fn typed(text: &str) -> SearchQuery {
    SearchQuery { text: text.into(), limit: 50, ..SearchQuery::default() }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn words_are_found_folded_and_all_of_them(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "Été à la plage").await;
    let (sea, hill) = (photo(&db, open, "SEA", &[]).await, photo(&db, open, "a hill", &[]).await);
    work_off(&db, None).await;

    for (text, expected) in [
        ("ete", vec![hill, sea]),
        ("plage ＳＥＡ", vec![sea]),
        ("sea hill", vec![]),
        ("sea OR hill", vec![hill, sea]),
        ("plage -sea", vec![hill]),
        ("\"à la plage\" caption:se*", vec![sea]),
        ("'", vec![]),
    ] {
        let results = search(&pool, None, &staff, &typed(text)).await.expect("results");
        let media: Vec<i64> = results.hits.iter().map(|hit| hit.media_id.0).collect();
        assert_eq!((media, results.engine), (expected, Engine::PostgreSql), "{text}");
        assert!(results.notice.is_some());
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_cannot_be_read_is_pointed_at_and_foreign_cursors_are_refused(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let results = search(&pool, None, &staff, &typed("sea tga:beach")).await.expect("an answer");
    let problem = results.problem.expect("a problem");
    assert_eq!((problem.from, problem.to, results.hits.len()), (4, 7, 0));
    assert!(problem.message.contains("did you mean tag?"), "{problem:?}");
    assert!(problem.expected.contains(&"tag:".to_owned()), "{problem:?}");
    let results = search(&pool, None, &staff, &typed(&"word ".repeat(20_000))).await.expect("an answer");
    assert!(results.problem.expect("a problem").message.contains("too long"));

    for after in [
        "x",
        r#"{"postgreSql":{"createdAt":"never","mediaId":1,"rank":0,"total":{"media":1,"isEstimate":false}}}"#,
        r#"{"elasticsearch":{"pit":null,"after":[1],"total":{"media":1,"isEstimate":false}}}"#,
    ] {
        let query = SearchQuery { after: Some(after.into()), ..typed("x") };
        let error = search(&pool, None, &staff, &query).await.expect_err("no cursor");
        assert_eq!(error.code(), Code::Invalid, "{after}: {error}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_was_suspended_finds_nothing_any_more(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    search(&pool, None, &staff, &typed("")).await.expect("results");
    run(&db, "update users set account_status = 'SUSPENDED' where user_id = $1", staff.user_id.0).await;
    let error = search(&pool, None, &staff, &typed("")).await.expect_err("suspended");
    assert!(matches!(error, Error::Forbidden(_)), "{error}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn operators_see_safe_rows_without_vectors_and_admins_all(db: PgPool) {
    let (_, staff) = operator(&db, "staff", Role::Staff).await;
    let (_, admin) = operator(&db, "admin", Role::Admin).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let (safe, flagged) = (photo(&db, open, "", &[]).await, photo(&db, open, "", &[]).await);
    let (shown, hidden) = (face(&db, safe, None).await, face(&db, flagged, None).await);
    run(&db, "update media_ai_insights set status = 'UNSAFE', is_safe = null where media_id = $1", flagged).await;
    work_off(&db, None).await;

    let media = "select media_id from console.media_search order by 1";
    let faces = "select face_id::bigint from console.face_search order by 1";
    let seen: Vec<i64> = query_scalar(media).fetch_all(&staff).await.expect("media");
    assert_eq!(seen, [safe]);
    let seen: Vec<i64> = query_scalar(faces).fetch_all(&staff).await.expect("faces");
    assert_eq!(seen, [shown]);
    let seen: Vec<i64> = query_scalar(media).fetch_all(&admin).await.expect("media");
    assert_eq!(seen, [safe, flagged]);
    let seen: Vec<i64> = query_scalar(faces).fetch_all(&admin).await.expect("faces");
    assert_eq!(seen, [shown, hidden]);

    for forbidden in [
        "select count(*) from read_model_media_search",
        "select count(*) from console.media_search_text",
        "select count(*) from console.index_queue",
        "select image_embedding from console.media_search",
        "select console.mark_dirty('media_search', 'row', '{1}')",
        "select console.mark_stale('media_search', '{1}')",
        "update console.media_search set reaction_count = 1",
    ] {
        query(forbidden).execute(&admin).await.expect_err(forbidden);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn staff_see_how_far_behind_everything_is(db: PgPool) {
    let (_, pool) = operator(&db, "staff", Role::Staff).await;
    work_off(&db, None).await;
    photo(&db, post(&db, user(&db, "ada").await, "open").await, "", &[]).await;
    let status = status(&pool, None).await.expect("a status");
    assert_eq!(
        status.queues.iter().filter(|queue| queue.kind == QueueKind::ReadModel).map(|queue| queue.waiting).sum::<i64>(),
        // The photo as one to find and one to recommend, the post and what its photo says, the user and their new post
        6,
        "{status:?}"
    );
    assert_eq!(status.indices.len(), 7);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_worker_s_group_suffices_for_the_worker(db: PgPool) {
    let (ada, worker) = (user(&db, "ada").await, format!("worker_{:016x}", rand::random::<u64>()));
    let login = format!("create role {worker} login password 'test' in role kaleidoscope_worker");
    query(sqlx::AssertSqlSafe(login)).execute(&db).await.expect("a login");
    let options = (*db.connect_options()).clone().username(&worker).password("test");
    let pool = PgPool::connect_lazy_with(options);
    let open = post(&db, ada, "open").await;
    let gone = photo(&db, open, "", &[]).await;
    face(&db, photo(&db, open, "", &["sea"]).await, Some(ada)).await;
    run(&db, "delete from post_media where media_id = $1", gone).await;

    work_off(&pool, None).await;

    let rows: (i64, i64, i64) = query_as(
        "select (select count(*) from read_model_media_search), (select count(*) from read_model_face_search),
                (select count(*) from console.media_search_text)",
    )
    .fetch_one(&db)
    .await
    .expect("counts");
    assert_eq!(rows, (1, 1, 1));
    query("select password from users").execute(&pool).await.expect_err("passwords are not the worker's");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_near_is_found_by_the_index_of_vectors(db: PgPool) {
    let open = post(&db, user(&db, "ada").await, "open").await;
    let first = photo(&db, open, "sea", &[]).await;
    query(
        "with media as (
             insert into post_media (post_id, media_type, media_url) select $1, 'IMAGE', 'u' from generate_series(1, 6000)
             returning media_id
         )
         insert into media_ai_insights (media_id, post_id, status, is_safe, caption, tags, scenes, image_embedding)
         select media_id, $1, 'COMPLETED', true, 'sea', '{}', '{}',
                array(select random() - 0.5 from generate_series(1, 512) where media_id > 0)::real[]::vector
           from media",
    )
    .bind(open)
    .execute(&db)
    .await
    .expect("media");
    work_off(&db, None).await;
    query("analyze").execute(&db).await.expect("statistics");

    let plan = async |by_index: bool| -> String {
        let statement: String = query_scalar("select console.nearest_statement('null', 1, $1)")
            .bind(by_index)
            .fetch_one(&db)
            .await
            .expect("a statement");
        let vector = format!("'[{}]'::halfvec", vec!["0.04"; 512].join(","));
        let statement = statement.replace("$1", &vector).replace("$2", "'{1}'").replace("$3", "50").replace("$4", "2");
        let lines: Vec<String> =
            query_scalar(sqlx::AssertSqlSafe(format!("explain {statement}"))).fetch_all(&db).await.expect("a plan");
        lines.join("\n")
    };
    let by_index = plan(true).await;
    assert!(by_index.contains("media_vector_nearest"), "{by_index}");
    let one_by_one = plan(false).await;
    assert!(!one_by_one.contains("media_vector_nearest"), "{one_by_one}");

    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let like = Like { more: vec![Example::Media(MediaId(first))], less: vec![] };
    for (text, by_index) in [("", true), ("media:(3 OR 4 OR 5)", false)] {
        let query = SearchQuery { like: like.clone(), ..typed(text) };
        let results = search(&pool, None, &staff, &query).await.expect("results");
        let found: Vec<f64> = results.hits.iter().filter_map(|hit| hit.why.similarity).collect();
        assert_eq!(found.len(), if by_index { 50 } else { 3 }, "{text}");
        assert!(found.is_sorted_by(|nearer, other| nearer >= other), "{found:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn values_are_counted_but_for_what_is_chosen_among_them(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    photo(&db, open, "a", &["sea", "beach"]).await;
    photo(&db, open, "b", &["sea", "New York"]).await;
    let hidden = photo(&db, open, "c", &["sea", "secret"]).await;
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", hidden).await;
    work_off(&db, None).await;

    let found = facets(&pool, None, &staff, "tag:beach scene:outdoor").await.expect("facets");
    let tags = found.facets.iter().find(|facet| facet.field == "tag").expect("tags");
    let tags: Vec<_> = tags.values.iter().map(|tag| (tag.value.as_str(), tag.count, tag.is_chosen)).collect();
    assert_eq!(tags, [("beach", 1, true), ("sea", 2, false), ("New York", 1, false)]);
    assert_eq!(found.histogram.iter().map(|bar| bar.count).collect::<Vec<_>>(), [1]);
    assert!(!found.facets.iter().any(|facet| facet.field == "safety"), "staff have no choice there");
    let uploader = found.facets.iter().find(|facet| facet.field == "uploader").expect("uploaders");
    assert_eq!((uploader.values[0].value.as_str(), uploader.values[0].count), ("ada", 1));
    assert_eq!(uploader.values[0].toggled, "tag:beach scene:outdoor uploader:\"ada\"");

    let tags = facet_values(&pool, None, &staff, "tag:beach", "tag", "yo").await.expect("values");
    assert_eq!(tags.values.iter().map(|tag| tag.value.as_str()).collect::<Vec<_>>(), ["New York"]);
    assert_eq!(tags.values[0].toggled, "tag:(beach OR \"New York\")");
    let problem = facets(&pool, None, &staff, "tag:").await.expect("an answer").problem;
    assert!(problem.is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_being_typed_is_completed_with_what_there_is(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let (_, admin_pool) = operator(&db, "admin", Role::Admin).await;
    let amara = user(&db, "amara.okafor").await;
    run(&db, "update users set full_name = 'Amara Okafor' where user_id = $1", amara).await;
    let open = post(&db, amara, "open").await;
    let sea = photo(&db, open, "a", &["sea", "New York"]).await;
    face(&db, sea, Some(amara)).await;
    let hidden = photo(&db, open, "b", &["secret", "sea"]).await;
    run(&db, "update media_ai_insights set is_safe = false where media_id = $1", hidden).await;
    work_off(&db, None).await;
    count_terms(&db).await.expect("counted");

    let offered = async |text: &str| {
        let caret = u32::try_from(text.encode_utf16().count()).expect("short");
        let entries = suggest(&pool, &staff, text, caret).await.expect("suggestions").entries;
        entries.into_iter().map(|entry| (entry.insert, entry.count)).collect::<Vec<_>>()
    };
    assert_eq!(offered("tag:se").await, [("sea".to_owned(), Some(1))]);
    assert_eq!(offered("x york").await, [("tag:\"New York\"".to_owned(), Some(1))]);
    assert_eq!(offered("person:oka").await, [("amara.okafor".to_owned(), Some(1))]);
    assert_eq!(offered("is:vi").await, [("video".to_owned(), None)]);
    assert_eq!(offered("tag:secr").await, []);
    let secret = suggest(&admin_pool, &staff, "tag:secr", 8).await.expect("suggestions");
    assert_eq!((secret.from, secret.to, secret.entries[0].kind), (4, 8, SuggestionKind::Tag));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn media_come_in_the_order_that_is_asked_for(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let mut media = Vec::new();
    for (caption, tags) in [("sea", vec!["sea"]), ("sea", vec![]), ("a hill", vec!["hill"]), ("sea", vec!["x"])] {
        media.push(photo(&db, open, caption, &tags).await);
    }
    work_off(&db, None).await;
    run(&db, "update read_model_media_search set reaction_count = 9 where media_id = $1", media[1]).await;
    let [tagged, liked, _, last] = media[..] else { panic!("four") };
    for (sort, expected) in [
        (Sort::Relevance, [tagged, last, liked]),
        (Sort::Newest, [last, liked, tagged]),
        (Sort::Oldest, [tagged, liked, last]),
        (Sort::Reactions, [liked, last, tagged]),
    ] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let query = SearchQuery { sort, after, limit: 2, ..typed("sea caption:sea") };
            let page = search(&pool, None, &staff, &query).await.expect("a page");
            assert_eq!(page.total, 3);
            found.extend(page.hits.iter().map(|hit| hit.media_id.0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{sort:?}");
    }
}

/// Rows that can be found, and nothing else of them.
async fn many(db: &PgPool, count: i32, text: &str) {
    query(
        "insert into console.media_search_text (media_id, version, is_safe, created_at, words)
         select number, 1, true, '2026-01-01'::timestamptz - number * interval '1 minute', array_to_tsvector(string_to_array($2, ' '))
           from generate_series(1, $1) as number",
    )
    .bind(count)
    .bind(text)
    .execute(db)
    .await
    .expect("rows");
    query("insert into console.media_phrase select media_id, jsonb_build_object('caption', array[$1]) from console.media_search_text")
        .bind(text)
        .execute(db)
        .await
        .expect("texts");
    for table in ["console.media_search_text", "console.media_phrase"] {
        query(sqlx::AssertSqlSafe(format!("vacuum analyze {table}"))).execute(db).await.expect("statistics");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn many_are_estimated_and_few_are_counted(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    many(&db, 30_000, "blue sea").await;
    run(&db, "update console.media_search_text set words = '''sky''' where media_id <= $1", 1_000).await;
    query("analyze console.media_search_text").execute(&db).await.expect("statistics");
    for (text, is_estimate, shown, counted) in [
        ("sea", true, 26_000..=30_000, 29_000),
        // How often words stand side by side, the planner does not know.
        ("\"blue sea\"", true, 5_001..=30_000, 29_000),
        ("sky", false, 1_000..=1_000, 1_000),
        ("\"sea blue\"", false, 0..=0, 0),
    ] {
        let results = search(&pool, None, &staff, &typed(text)).await.expect("results");
        assert_eq!(results.is_estimate, is_estimate, "{text}");
        assert!(shown.contains(&results.total), "{text}: {}", results.total);
        let exact = others::counts(&pool, None, &staff, text).await.expect("counts");
        assert_eq!(exact.media, counted, "{text}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_phrase_is_looked_up_where_its_words_are(db: PgPool) {
    many(&db, 30_000, "blue sea").await;
    run(&db, "update console.media_search_text set words = '''red'' ''sea''' where media_id <= $1", 300).await;
    query("analyze console.media_search_text").execute(&db).await.expect("statistics");
    let phrase = r#"{"words": {"field": null, "kind": "phrase", "words": ["red", "sea"], "people": []}}"#;
    let source: String =
        query_scalar("select console.media_from($1::jsonb, 1)").bind(phrase).fetch_one(&db).await.expect("SQL");
    let mut tx = db.begin().await.expect("a transaction");
    query("set local random_page_cost = 1.1").execute(&mut *tx).await.expect("as in the function");
    let plan: Vec<String> = query_scalar(sqlx::AssertSqlSafe(format!("explain select count(*) {source}")))
        .fetch_all(&mut *tx)
        .await
        .expect("a plan");
    let plan = plan.join("\n");
    assert!(plan.contains("media_search_text_words") && plan.contains("media_phrase_pkey"), "{plan}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn counting_that_nobody_waits_for_ends_on_the_server(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let mut held = db.begin().await.expect("a transaction");
    query("lock table read_model_media_search in access exclusive mode").execute(&mut *held).await.expect("a lock");
    let waiting = async || -> i64 {
        let sql =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        query_scalar(sql).fetch_one(&db).await.expect("a number")
    };

    let requests = Requests::default();
    let counted = requests.run(7, others::counts(&pool, None, &staff, "sea"));
    let cancelled = async {
        until("a statement that waits", async || waiting().await == 1).await;
        requests.cancel(7);
    };
    let (counted, ()) = tokio::join!(counted, cancelled);
    assert_eq!(counted.expect_err("cancelled").code(), Code::Cancelled);
    until("no statement that waits", async || waiting().await == 0).await;

    held.rollback().await.expect("a rollback");
    let counted = others::counts(&pool, None, &staff, "sea").await.expect("counts");
    assert_eq!(counted.media, 0, "the connection is good for more");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_are_found_in_their_facet_by_their_full_names_and_oneself_as_me(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let kenji = user(&db, "kt7").await;
    run(&db, "update users set full_name = '\u{7530}\u{4e2d} Kenji M\u{fc}ller' where user_id = $1", kenji).await;
    let sea = photo(&db, post(&db, kenji, "open").await, "a", &["sea"]).await;
    face(&db, sea, Some(kenji)).await;
    face(&db, sea, Some(staff.user_id.0)).await;
    work_off(&db, None).await;

    for (field, typed, expected) in [
        ("person", "mull", vec!["kt7"]),
        ("person", "kenji", vec!["kt7"]),
        ("uploader", "kt", vec!["kt7"]),
        ("person", "bo", vec![]),
        ("tag", "kenji", vec![]),
    ] {
        let values = facet_values(&pool, None, &staff, "", field, typed).await.expect("values").values;
        let found: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
        assert_eq!(found, expected, "{field} {typed}");
    }
    let found = facets(&pool, None, &staff, "person:me").await.expect("facets").facets;
    let people = &found.iter().find(|facet| facet.field == "person").expect("people").values;
    assert_eq!((people[0].value.as_str(), people[0].is_chosen), (staff.username.as_str(), true));
    assert_eq!((people[0].toggled.as_str(), people.len()), ("", 2));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_a_hit_does_not_show_says_why_it_is_one_too(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let kenji = user(&db, "kt7").await;
    run(&db, "update users set full_name = 'Kenji Mori' where user_id = $1", kenji).await;
    let open = post(&db, kenji, "open").await;
    let sea = photo(&db, open, "a", &["sea"]).await;
    face(&db, sea, Some(kenji)).await;
    photo(&db, open, "b", &["hill"]).await;
    work_off(&db, None).await;
    run(
        &db,
        "update read_model_post_search set inferred_event_type = 'beach_party', categories = '{Fun}' where post_id = $1",
        open,
    )
    .await;

    for (text, expected) in [
        ("mori sea", vec![("tag", "sea"), ("person", "Mori"), ("uploader", "Mori")]),
        ("hill", vec![("posttag", "hill")]),
        ("person:kenji", vec![("person", "Kenji")]),
        ("event:party", vec![("event", "party")]),
        ("category:fun", vec![("category", "Fun")]),
        ("tag:sea", vec![("tag", "sea")]),
        ("uploader:mori -hill", vec![]),
    ] {
        let results = search(&pool, None, &staff, &typed(text)).await.expect("results");
        let hit = results.hits.iter().find(|hit| hit.media_id.0 == sea);
        let matched = hit.map(|hit| hit.why.matched.clone()).unwrap_or_default();
        let marked: Vec<(&str, &str)> = matched
            .iter()
            .flat_map(|matched| {
                let marks = matched.parts.iter().filter(|part| part.is_match);
                marks.map(|part| (matched.field.as_str(), part.text.as_str()))
            })
            .collect();
        assert_eq!(marked, expected, "{text}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_faces_must_have_is_asked_of_more_than_the_nearest(db: PgPool) {
    let (staff, pool) = operator(&db, "staff", Role::Staff).await;
    let open = post(&db, user(&db, "ada").await, "open").await;
    let (many, wanted) = (photo(&db, open, "many", &["many"]).await, photo(&db, open, "few", &["few"]).await);
    let example = face(&db, many, None).await;
    let far = face(&db, wanted, None).await;
    query(
        "update media_detected_faces
            set embedding = (array_fill(0.03::real, array[512]) || array_fill(-0.01::real, array[512]))::vector
          where id = $1",
    )
    .bind(far)
    .execute(&db)
    .await
    .expect("turned");
    work_off(&db, None).await;
    // They are compared before the worker has heard of them.
    query(
        "insert into media_detected_faces (media_id, bbox, embedding)
         select $1, '{1,2,3,4}', array_fill(0.03, array[1024])::vector from generate_series(1, 1200)",
    )
    .bind(many)
    .execute(&db)
    .await
    .expect("faces");

    let like = Like { more: vec![Example::Face(example.to_string())], less: vec![] };
    let asked = SearchQuery { like, ..typed("tag:few") };
    let results = others::faces(&pool, None, &staff, &asked).await.expect("faces");
    let found: Vec<i64> = results.hits.iter().filter_map(|hit| hit.face_id.parse().ok()).collect();
    assert_eq!((found, results.total), (vec![far], 1), "{:?}", results.notice);
}

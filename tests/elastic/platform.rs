//! On the platform's own data, hostile rows among them.

mod search_agreement;
mod search_relevance;

use kaleidoscope_console::{
    access::Role,
    db::MIGRATOR,
    read_models,
    search::{SearchQuery, search},
};
use sqlx::{AssertSqlSafe, query_as, query_scalar};

use crate::{
    agreement::agree,
    database::Database,
    loaded::{load, program},
    node::Node,
    rows::{Worker, operator, settled, work_off},
};

#[tokio::test]
async fn every_row_reaches_its_index_or_is_a_dead_letter_that_says_why() {
    let database = Database::create("kaleidoscope_elastic_platform").await;
    load(&database, 500, "http://127.0.0.1:8900");
    let db = database.pool().await;
    MIGRATOR.run(&db).await.expect("migrated");
    let node = Node::new();

    work_off(&db, Some(&node.elastic)).await;

    agree(&db, &node).await;
    for model in read_models::ALL {
        let (name, index) = (model.name, model.index);
        let identities = format!("select {}::text from {}", model.identity.0, model.table);
        let mut wanted: Vec<String> = query_scalar(AssertSqlSafe(identities)).fetch_all(&db).await.expect("rows");
        wanted.sort_by_key(|id| (id.len(), id.clone()));
        assert!(wanted.len() > 20, "{name}: {}", wanted.len());
        let letters: Vec<(String, String)> =
            query_as("select key, reason from console.dead_letter where kind = 'index' and name = $1")
                .bind(name)
                .fetch_all(&db)
                .await
                .expect("letters");
        assert!(letters.iter().all(|(_, reason)| !reason.is_empty()), "{letters:?}");
        wanted.retain(|id| letters.iter().all(|(key, _)| key != id));
        assert_eq!(node.ids(index).await, wanted, "{index}");
        assert!(letters.is_empty(), "nothing of this is beyond the index: {letters:?}");
    }

    let (admin, pool) = operator(&db, "admin", Role::Admin).await;
    let names: Vec<String> =
        query_scalar("select distinct unnest(detected_usernames) from read_model_media_search limit 20")
            .fetch_all(&db)
            .await
            .expect("names");
    // In quotation marks no engine forgives a slip.
    let texts = ["beach", "hostile", "500", "été", "שاطئ", "npe", "wave sea"].into_iter();
    for text in texts.chain(names.iter().map(String::as_str)) {
        let text = &format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let ids = async |elastic| {
            let query = SearchQuery { text: text.clone(), limit: 200, ..SearchQuery::default() };
            let results =
                search(&pool, elastic, &admin, &query).await.unwrap_or_else(|error| panic!("{text}: {error}"));
            let mut ids: Vec<i64> = results.hits.iter().map(|hit| hit.media_id.0).collect();
            ids.sort_unstable();
            (results.total, if results.total <= 200 { ids } else { Vec::new() })
        };
        assert_eq!(ids(Some(&node.elastic)).await, ids(None).await, "{text}");
    }
    node.clear().await;
    pool.close().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_s_traffic_leaves_is_in_the_read_models_and_the_indices() {
    let database = Database::create("kaleidoscope_elastic_churn").await;
    load(&database, 500, "http://127.0.0.1:8900");
    let db = database.pool().await;
    MIGRATOR.run(&db).await.expect("migrated");
    let node = Node::new();
    let workers = [Worker::start(&db, Some(&node.elastic)), Worker::start(&db, Some(&node.elastic))];

    let mut churn = program();
    churn.args(["churn", "--dsn", &database.url(), "--seconds", "12", "--rate", "60"]);
    let status = tokio::task::spawn_blocking(move || churn.status()).await.expect("it runs").expect("it starts");
    assert!(status.success(), "{status}");
    settled(&db, true).await;

    agree(&db, &node).await;
    for worker in workers {
        worker.stop().await;
    }
    node.clear().await;
    db.close().await;
}

//! Servers that are stopped, killed and started again while the platform's traffic goes on.

mod platform {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    };

    use kaleidoscope_console::{
        access::Role,
        db::migrate,
        search::{Engine, SearchQuery, search},
    };
    use reqwest::Method;
    use serde_json::Value;
    use sqlx::PgPool;

    use crate::{
        agreement::Given,
        database::Database,
        faults::{in_the_end_all_is_well, versions},
        loaded::{churn, load, load_at},
        node::Node,
        proxy::{Fault, Proxy},
        rows::{Worker, operator, settled, until},
        server::{Postgres, SearchNode},
    };

    const RATE: u32 = 40;
    /// Versions given between two blows.
    const CHANGES: i64 = 150;

    async fn some_changes(db: &PgPool) {
        let before = versions(db).await;
        until("some changes", async || versions(db).await > before + CHANGES).await;
    }

    fn two_workers(db: &PgPool, node: &Node) -> [Worker; 2] {
        [Worker::start(db, Some(&node.elastic)), Worker::start(db, Some(&node.elastic))]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_postgresql_that_is_stopped_and_killed_under_traffic_loses_nothing() {
        let mut postgres = Postgres::start().await;
        let (db, url) = (postgres.database("platform").await, postgres.url("platform"));
        load_at(&url, 150, "http://127.0.0.1:8900");
        migrate(&db).await.expect("migrated");
        let (node, given) = (Node::new(), Given::since_now(&db).await);
        let workers = two_workers(&db, &node);
        for round in 0..6 {
            let traffic = churn(&url, RATE);
            some_changes(&db).await;
            if round % 2 == 0 {
                postgres.stop();
            } else {
                postgres.kill();
            }
            drop(traffic);
            postgres.start_again().await;
        }
        let traffic = churn(&url, RATE);
        some_changes(&db).await;
        drop(traffic);
        settled(&db, true).await;
        for worker in workers {
            worker.stop().await;
        }
        in_the_end_all_is_well(&db, &node, &given).await;
        node.clear().await;
        db.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_elasticsearch_that_is_stopped_and_killed_in_the_middle_of_a_bulk_loses_nothing() {
        let mut search = SearchNode::start().await;
        let proxy = Proxy::of(&search.url()).await;
        let node = Node::at(&proxy.url);
        let database = Database::create("kaleidoscope_elastic_restarts").await;
        load(&database, 150, "http://127.0.0.1:8900");
        let db = database.pool().await;
        migrate(&db).await.expect("migrated");
        let given = Given::since_now(&db).await;
        let workers = two_workers(&db, &node);
        settled(&db, true).await;
        let traffic = churn(&database.url(), RATE);
        for fault in [Fault::Half, Fault::Mute, Fault::Half] {
            some_changes(&db).await;
            let met = proxy.met().len();
            proxy.meet("", &[fault]);
            until("a bulk in its middle", async || proxy.met().len() > met).await;
            search.kill();
            proxy.meet("", &[]);
            some_changes(&db).await;
            search.start_again().await;
        }
        some_changes(&db).await;
        search.stop();
        some_changes(&db).await;
        search.start_again().await;
        some_changes(&db).await;
        drop(traffic);
        settled(&db, true).await;
        for worker in workers {
            worker.stop().await;
        }
        in_the_end_all_is_well(&db, &node, &given).await;
        db.close().await;
    }

    /// One that holds a copy of the index, and that nobody asks directly: the console knows one address.
    async fn holder(nodes: &[SearchNode], node: &Node) -> usize {
        let (_, shards) = node.ask(Method::GET, "media_search/_search_shards", None).await;
        let holders: Vec<&str> = shards["shards"][0]
            .as_array()
            .expect("copies")
            .iter()
            .filter_map(|copy| shards["nodes"][copy["node"].as_str()?]["name"].as_str())
            .collect();
        (1..nodes.len()).find(|number| holders.contains(&format!("node-{number}").as_str())).expect("a copy elsewhere")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_search_fails_and_nothing_is_lost_when_one_of_three_nodes_is_killed() {
        let mut nodes = SearchNode::start_cluster(3).await;
        let node = Node::replicated(&nodes[0].url(), 1);
        let database = Database::create("kaleidoscope_elastic_cluster").await;
        load(&database, 150, "http://127.0.0.1:8900");
        let db = database.pool().await;
        migrate(&db).await.expect("migrated");
        let given = Given::since_now(&db).await;
        let workers = two_workers(&db, &node);
        settled(&db, true).await;
        let green = format!("{}/_cluster/health?wait_for_status=green&timeout=60s", nodes[0].url());
        let health: Value = reqwest::get(green).await.expect("an answer").json().await.expect("JSON");
        assert_eq!(health["status"], "green", "{health}");
        let (stop, searches) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (admin, pool) = operator(&db, "admin", Role::Admin).await;
        let searching = tokio::spawn({
            let (elastic, stop, searches) = (node.elastic.clone(), stop.clone(), searches.clone());
            async move {
                while !stop.load(Ordering::Relaxed) {
                    let query = SearchQuery { limit: 20, ..SearchQuery::default() };
                    let found = search(&pool, Some(&elastic), &admin, &query).await.expect("it finds");
                    assert_eq!((found.engine, &found.notice), (Engine::Elasticsearch, &None), "{found:?}");
                    assert_ne!(found.total, 0, "the traffic leaves some");
                    searches.fetch_add(1, Ordering::Relaxed);
                }
                pool.close().await;
            }
        });
        let more_searches = async || {
            let before = searches.load(Ordering::Relaxed);
            until("more searches", async || searching.is_finished() || searches.load(Ordering::Relaxed) > before + 20)
                .await;
        };
        let traffic = churn(&database.url(), RATE);
        more_searches().await;
        let victim = holder(&nodes, &node).await;
        nodes[victim].kill();
        more_searches().await;
        for _ in 0..3 {
            some_changes(&db).await;
            more_searches().await;
        }
        drop(traffic);
        settled(&db, true).await;
        stop.store(true, Ordering::Relaxed);
        searching.await.expect("no search failed");
        for worker in workers {
            worker.stop().await;
        }
        in_the_end_all_is_well(&db, &node, &given).await;
        db.close().await;
    }
}

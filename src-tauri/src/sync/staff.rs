//! Which stages a worker has, each with connections of its own.

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};

use super::{
    clerk::Clerk,
    clusterer::Clusterer,
    delivery::Delivery,
    feed::Feed,
    folder::{Folder, Texts},
    indexer::Indexer,
    lane::Lane,
    matcher::Matcher,
    metrics::Metrics,
    projector::{self, Projector},
    siblings::Siblings,
    stage::Stage,
};
use crate::{
    config::{self, ReadModels},
    elastic::Elastic,
    read_models::{self, ReadModel},
};

/// Of a stage: one that reads while the other settles.
const CONNECTIONS: u32 = 2;
/// Of all stages of one read model in one lane: the projector works beside the indexer.
const CONNECTIONS_OF_LANE: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_mins(1);
/// Kinds of jobs.
const GENERATIONS: &[&str] = &["rebuild", "rollback"];
const CHECKS: &[&str] = &["check", "repair", "recall"];

/// What all stages of one worker have.
pub(super) struct Staff<'a> {
    pub db: &'a PgPool,
    pub elastic: Option<&'a Elastic>,
    pub settings: &'a config::Worker,
    pub metrics: &'a Metrics,
    pub name: &'a str,
    /// To be closed in the end
    pub pools: Vec<PgPool>,
}

impl Staff<'_> {
    /// Connections of one stage's own: another one that is slow can't take them.
    fn pool(&mut self) -> PgPool {
        self.pool_of(CONNECTIONS)
    }

    fn pool_of(&mut self, connections: u32) -> PgPool {
        let pool = settings_of_pool(connections).connect_lazy_with((*self.db.connect_options()).clone());
        self.pools.push(pool.clone());
        pool
    }

    /// For steps that are small and many: planning each anew would take as long as what is planned.
    fn express_pool(&mut self, model: &'static ReadModel) -> PgPool {
        let wakes_own_sender = self.elastic.is_some();
        let options = (*self.db.connect_options()).clone().options([("plan_cache_mode", "force_generic_plan")]);
        let pool = settings_of_pool(CONNECTIONS_OF_LANE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql(AssertSqlSafe(projector::preparation(model, wakes_own_sender)))
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        self.pools.push(pool.clone());
        pool
    }

    fn folder(&mut self, texts: Texts) -> Stage {
        let is_reserve = texts == Texts::Media && self.elastic.is_some();
        Stage::Folder(Folder { db: self.pool(), texts, worker: self.name.to_owned(), is_reserve })
    }

    /// In each lane; none where nothing is sent.
    fn siblings(&mut self) -> Vec<Stage> {
        let lanes = self.elastic.map_or(&[][..], |_| &[Lane::Express, Lane::Bulk]);
        let stage = |&lane| Stage::Siblings(Siblings { db: self.pool(), lane, worker: self.name.to_owned() });
        lanes.iter().map(stage).collect()
    }

    fn feed(&mut self) -> Stage {
        Stage::Feed(Feed {
            db: self.pool(),
            settings: self.settings.feed.clone(),
            worker: self.name.to_owned(),
            idle_since: Mutex::default(),
        })
    }

    fn clerk(&mut self, kinds: &'static [&'static str]) -> Stage {
        Stage::Clerk(Clerk {
            db: self.pool_of(2 * CONNECTIONS),
            elastic: self.elastic.cloned(),
            metrics: self.metrics.clone(),
            read_models: self.settings.read_models,
            worker: self.name.to_owned(),
            kinds,
        })
    }

    /// What keeps one read model and its index, in each of its lanes; nobody waits for a feed.
    fn keepers(&mut self, model: &'static ReadModel, projected: bool) -> Vec<Stage> {
        let is_feed = model.name == read_models::feed_personalized::MODEL.name;
        let lanes = if is_feed { vec![Lane::Both] } else { vec![Lane::Express, Lane::Bulk] };
        let mut stages = Vec::new();
        // Elasticsearch has too much to do for both of them or for none.
        let pace = Arc::default();
        for lane in lanes {
            let db = if lane == Lane::Express { self.express_pool(model) } else { self.pool_of(CONNECTIONS_OF_LANE) };
            if projected {
                stages.push(Stage::Projector(Projector { db: db.clone(), model, lane, worker: self.name.to_owned() }));
            }
            if let Some(elastic) = self.elastic.cloned() {
                let (pace, metrics) = (Arc::clone(&pace), self.metrics.clone());
                stages.push(Stage::Indexer(Indexer {
                    db,
                    delivery: Delivery { elastic, index: model.name, pace, metrics },
                    model,
                    lane,
                    worker: self.name.to_owned(),
                    ready: AtomicBool::new(false),
                }));
            }
        }
        stages
    }
}

fn settings_of_pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE).idle_timeout(IDLE)
}

pub(super) fn every_stage(staff: &mut Staff<'_>) -> Vec<Stage> {
    let mut stages = vec![staff.folder(Texts::Media), staff.folder(Texts::People)];
    stages.extend(staff.siblings());
    stages.extend([GENERATIONS, CHECKS].map(|kinds| staff.clerk(kinds)));
    if staff.settings.read_models == ReadModels::External {
        stages.push(Stage::Clearer(staff.pool()));
    } else {
        stages.push(Stage::Matcher(Matcher {
            db: staff.pool(),
            worker: staff.name.to_owned(),
            sweep: tokio::sync::Mutex::default(),
        }));
        stages.push(Stage::Clusterer(Clusterer { db: staff.pool(), worker: staff.name.to_owned() }));
        stages.push(staff.feed());
    }
    let projected = staff.settings.read_models == ReadModels::Projected;
    for model in read_models::ALL {
        stages.extend(staff.keepers(model, projected));
    }
    stages
}

pub(super) fn rebuild_stages(staff: &mut Staff<'_>) -> Vec<Stage> {
    let mut stages = vec![staff.clerk(GENERATIONS)];
    stages.extend(staff.siblings());
    for model in read_models::ALL {
        stages.extend(staff.keepers(model, false));
    }
    stages
}

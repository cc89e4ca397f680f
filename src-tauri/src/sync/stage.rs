//! What the loops of a worker do, each in its steps.

use sqlx::PgPool;

use super::{
    clerk::Clerk,
    clusterer::{self, Clusterer},
    feed::{self, Feed},
    folder::{Folder, Texts},
    indexer::Indexer,
    lane::Lane,
    marks,
    matcher::{self, Matcher},
    projector::Projector,
    siblings::{self, Siblings},
};
use crate::{
    error::Result,
    read_models::{media_search, post_search},
};

/// One of the loops.
#[derive(Debug)]
pub(super) enum Stage {
    Projector(Projector),
    /// In place of the projectors, where somebody else writes the read models
    Clearer(PgPool),
    Matcher(Matcher),
    Clusterer(Clusterer),
    Feed(Feed),
    Indexer(Indexer),
    Folder(Folder),
    Siblings(Siblings),
    Clerk(Clerk),
}

impl Stage {
    /// What was to be done now; how much it was.
    pub(super) async fn step(&self, others_hurry: bool) -> Result<usize> {
        match self {
            Self::Projector(projector) => projector.step().await,
            Self::Clearer(db) => Ok(usize::try_from(marks::clear(db).await?).unwrap_or(usize::MAX)),
            Self::Matcher(matcher) => matcher.step().await,
            Self::Clusterer(clusterer) => clusterer.step().await,
            Self::Feed(feed) => feed.step().await,
            Self::Indexer(indexer) => indexer.step(others_hurry).await,
            Self::Folder(folder) => folder.step().await,
            Self::Siblings(siblings) => siblings.step().await,
            Self::Clerk(clerk) => clerk.step().await,
        }
    }

    /// Nobody waits for it as for a change that was made just now: who else is on a photo, what a feed suggests, what is searched when
    /// Elasticsearch is away.
    pub(super) fn is_patient(&self) -> bool {
        match self {
            Self::Matcher(_) | Self::Clusterer(_) | Self::Feed(_) => true,
            Self::Folder(folder) => folder.is_reserve,
            Self::Projector(Projector { lane, .. })
            | Self::Indexer(Indexer { lane, .. })
            | Self::Siblings(Siblings { lane, .. }) => *lane != Lane::Express,
            _ => false,
        }
    }

    /// In which marks for it are made; as PostgreSQL's notifications call it.
    pub(super) fn queue(&self) -> String {
        match self {
            Self::Projector(projector) => projector.model.name.into(),
            Self::Matcher(_) => matcher::QUEUE.into(),
            Self::Clusterer(_) => clusterer::QUEUE.into(),
            Self::Feed(_) => feed::QUEUE.into(),
            Self::Indexer(indexer) => format!("{} index", indexer.model.name),
            Self::Folder(folder) => format!("{} index", folder.texts.name()),
            Self::Siblings(_) => format!("{} index", siblings::QUEUE),
            // Woken by what names no queue.
            Self::Clearer(_) | Self::Clerk(_) => String::new(),
        }
    }

    /// In which it marks; names that commas separate.
    pub(super) fn next_queues(&self) -> Option<String> {
        match self {
            Self::Projector(projector) if projector.model.name == media_search::MODEL.name => {
                Some(format!("{} index,{} index,{} index", projector.model.name, Texts::Media.name(), siblings::QUEUE))
            }
            Self::Projector(projector) if projector.model.name == post_search::MODEL.name => {
                Some(format!("{} index,{} index", projector.model.name, siblings::QUEUE))
            }
            Self::Siblings(_) => Some(format!("{} index", media_search::MODEL.name)),
            Self::Projector(projector) => Some(format!("{} index", projector.model.name)),
            _ => None,
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Projector(Projector { model, lane, .. }) => format!("projector of {} ({lane:?})", model.name),
            Self::Clearer(_) => "clearer".into(),
            Self::Matcher(_) => "matcher".into(),
            Self::Clusterer(_) => "clusterer".into(),
            Self::Feed(_) => "feed".into(),
            Self::Indexer(Indexer { model, lane, .. }) => format!("indexer of {} ({lane:?})", model.name),
            Self::Folder(folder) => format!("folder of {}", folder.texts.name()),
            Self::Siblings(siblings) => format!("marker of siblings ({:?})", siblings.lane),
            Self::Clerk(clerk) => format!("clerk of {}", clerk.kinds.join(", ")),
        }
    }
}

//! Finding media: words in, hits out, from Elasticsearch or from PostgreSQL.

pub mod fold;

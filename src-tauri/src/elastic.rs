//! Elasticsearch: a client with time limits.

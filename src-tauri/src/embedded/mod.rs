//! The parts that the demo brings along: PostgreSQL, Elasticsearch, sample people and photos.

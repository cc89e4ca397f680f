//! Against PostgreSQL and a real Elasticsearch node. What needs the platform's data is in modules `platform`.

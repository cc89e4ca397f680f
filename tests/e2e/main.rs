//! In the real window. What needs the platform's data is in modules `platform`.

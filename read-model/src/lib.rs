//! The read model: schema, queries and views; the one place with SQL on read tables.

//! address_book.

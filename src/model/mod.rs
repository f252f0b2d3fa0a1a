//! The words that every room speaks. Knows no other room.
pub mod http;

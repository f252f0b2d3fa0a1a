//! All integration tests in one binary: linking once is cheaper than linking often.

mod examples;
mod support;
mod outside;
mod tidy;

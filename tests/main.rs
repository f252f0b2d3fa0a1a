//! All integration tests in one binary: linking once is cheaper than linking often.

mod engine;
mod examples;
mod generate;
mod property;
mod support;
mod outside;
mod tidy;

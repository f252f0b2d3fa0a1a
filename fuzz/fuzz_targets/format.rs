#![no_main]

#[expect(dead_code, reason = "each target calls one of them")]
#[path = "../src/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|text: &str| targets::format(text));

//! The budget of a surface: requests a minute, windows that are told, requests at once.

use super::support::*;
use crate::cloud::budget::Budget;
use crate::cloud::{RateLimit, Verb};
use crate::model::Attributes;
use crate::world::Clock;
use futures::future::{FutureExt, join_all};
use std::time::Duration;

const LIST: &str = r#"200 {"data":[],"meta":{}}"#;

/// Lists so often; the seconds that went by.
fn elapsed(stage: &Stage, times: usize) -> u64 {
    for _ in 0..times {
        run(stage.client.list(&ident("server"), &Attributes::new())).unwrap();
    }
    stage.clock.sleeps.lock().unwrap().iter().sum::<Duration>().as_secs()
}

#[test]
fn no_minute_has_more_requests_than_the_limit() {
    assert_eq!(elapsed(&stage_with(&[LIST], RateLimit::Documented(10)), 10), 0);
    assert_eq!(elapsed(&stage_with(&[LIST], RateLimit::Documented(10)), 11), 60);
    assert_eq!(elapsed(&stage_with(&[LIST], RateLimit::Documented(10)), 30), 120);
    assert_eq!(elapsed(&stage_with(&[LIST], RateLimit::Unlimited), 1000), 0);
}

#[test]
fn the_limit_follows_the_answers_but_never_beyond_the_users_wish() {
    let told = format!("200 X-RateLimit-Limit=1000 {}", &LIST[4..]);
    assert_eq!(elapsed(&stage_with(&[&told], RateLimit::Documented(10)), 30), 0);
    assert_eq!(elapsed(&stage_with(&[&told], RateLimit::Chosen(10)), 30), 120);
    let less = format!("200 X-RateLimit-Limit=5 {}", &LIST[4..]);
    assert_eq!(elapsed(&stage_with(&[&less], RateLimit::Chosen(10)), 11), 120);
}

#[test]
fn what_is_left_of_a_minute_is_known() {
    let limited = stage_with(&[LIST], RateLimit::Documented(10));
    elapsed(&limited, 4);
    assert!(limited.client.budgets().contains(&(ident("platform"), 6, 10)), "{:?}", limited.client.budgets());
    let unlimited = stage_with(&[LIST], RateLimit::Unlimited);
    elapsed(&unlimited, 4);
    assert_eq!(unlimited.client.budgets(), []);

    // One that was held back counts from when it left.
    let stage = stage(&[LIST]);
    let budget = Budget::new(RateLimit::Documented(2), 16);
    budget.block(&*stage.clock, Duration::from_secs(50));
    run(budget.slot(&*stage.clock, Duration::ZERO)).expect("a wait within a minute");
    run(stage.clock.sleep(Duration::from_secs(15)));
    assert_eq!(budget.left(&*stage.clock), Some((1, 2)));
}

#[test]
fn a_window_that_is_used_up_is_waited_for() {
    // 25 seconds after the start of the clock.
    let used_up =
        format!("200 X-RateLimit-Limit=100 X-RateLimit-Remaining=0 X-RateLimit-Reset=1738375225 {}", &LIST[4..]);
    assert_eq!(elapsed(&stage_with(&[&used_up, LIST], RateLimit::Documented(100)), 2), 25);
    assert_eq!(elapsed(&stage_with(&[&used_up, LIST], RateLimit::Unlimited), 2), 0);
}

#[test]
fn what_was_too_many_for_one_holds_back_the_others() {
    let too_many = r#"429 Retry-After=9 {"error":{"code":"rate_limit_exceeded"}}"#;
    let stage = stage(&[too_many, "202 {\"job_id\":\"job_1\"}"]);
    let call = call("server", Verb::Delete, Some("srv_1"), Attributes::new());
    run(stage.client.call(&call));
    assert_eq!(stage.clock.sleeps.lock().unwrap().iter().sum::<Duration>().as_secs(), 10);
}

#[test]
fn what_was_held_back_counts_for_the_minute_in_which_it_left() {
    let stage = stage(&[LIST]);
    let budget = Budget::new(RateLimit::Documented(2), 16);
    budget.block(&*stage.clock, Duration::from_secs(50));
    for _ in 0..3 {
        run(budget.slot(&*stage.clock, Duration::ZERO)).expect("a wait within a minute");
    }
    assert_eq!(stage.clock.sleeps.lock().unwrap().iter().sum::<Duration>().as_secs(), 110);
}

#[test]
fn permits_pass_on_in_order_and_survive_those_who_left() {
    let budget = Budget::new(RateLimit::Unlimited, 2);
    let first = run(budget.permit());
    let second = run(budget.permit());
    let mut third = Box::pin(budget.permit());
    let mut fourth = Box::pin(budget.permit());
    assert!(third.as_mut().now_or_never().is_none() && fourth.as_mut().now_or_never().is_none());
    drop(third);
    drop(first);
    assert!(fourth.as_mut().now_or_never().is_some(), "the permit passes by the one who left");
    drop(second);
    drop(fourth);
    let all = run(join_all([budget.permit(), budget.permit()]));
    assert_eq!(all.len(), 2);
    assert!(budget.permit().now_or_never().is_none());
}

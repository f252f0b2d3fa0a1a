//! Many jobs at once, jobs that are asked for one by one, and a key that is no longer good while they run.

use super::story::{Says, TRUTH, made, server, tagged, tell, world};
use crate::cloud::{ApiError, Job, JobStatus, Outcome};

const KEY: &str = "ssh_key k {\n name = \"k\"\n public_key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfQ0b3cQ5k1l3m2n4o5p6q7r8s9t0u1v2w3x4y5z6a k\"\n}\n";

fn zone(more: &str) -> String {
    format!("cdn_zone z {{\n domain = \"z.example.com\"\n origin_url = \"https://o.example.com\"\n {more}\n}}\n")
}

fn refused(status: u16, code: &str, details: &str) -> Outcome {
    let (code, message, details) = (code.to_owned(), "no".to_owned(), details.to_owned());
    Outcome::Rejected(ApiError { status, code, message, details, ..ApiError::default() })
}

fn small() -> String {
    server("standard-8", "")
}

fn web(more: &str) -> String {
    server("standard-8", more).replace("server app", "server web").replace("\"app\"", "\"web\"")
}

fn many(one: &str, header: &str, count: usize) -> String {
    one.replace(header, &format!("{header}for n in 1..={count} ")).replace("\"app\"", "\"app-${n}\"")
}

/// When these were asked for.
fn instants(told: &str, what: &str) -> Vec<u64> {
    let asked = told.split(';').next().unwrap_or_default().split(", ").filter_map(|part| part.strip_prefix(what));
    asked.flat_map(|times| times.split(' ').filter_map(|time| time.parse().ok()).collect::<Vec<u64>>()).collect()
}

#[test]
fn a_job_that_is_due_earlier_is_not_kept_waiting() {
    // The first one's polls have become seldom when the second one's begin.
    let program = format!("{}{}{}", database(), small(), web("lifecycle { depends_on = [server.app] }"));
    let told = tell(&world(), &program, TRUTH);
    assert!(
        told.starts_with("write 0 0, jobs 2 5 9 15 24, read 24, write 24, jobs 26 29 34 42 50 58, read 58, jobs 68"),
        "{told}"
    );
}

fn database() -> String {
    "database d {\n name = \"app\"\n engine = \"postgresql\"\n tier = \"production-standard\"\n region = \"eu-west-2\"\n}\n"
        .to_owned()
}

#[test]
fn more_jobs_than_a_request_takes_are_asked_for_in_turn() {
    let told = tell(&world(), &many(&small(), "server app ", 60), TRUTH);
    assert_eq!(instants(&told, "jobs "), [2, 4, 5, 8, 13, 19, 24, 31, 39, 47], "{told}");
}

/// An API that answers for one job at a time.
fn singly(jobs: Vec<Job>) -> Vec<Job> {
    let unasked = |job| Job { status: JobStatus::Unasked, ..job };
    if jobs.len() > 5 { jobs.into_iter().map(unasked).collect() } else { jobs }
}

#[test]
fn jobs_that_are_asked_for_one_by_one_take_turns() {
    let says = Says { jobs: |_, jobs| Ok(singly(jobs)), ..TRUTH };
    let told = tell(&world(), &many(&database(), "database d ", 12), says);
    assert!(
        told.starts_with("write 0 0 0 0 0 0 0 0 0 0 0 0, jobs 2 2 10 10 17 17 25 25 32 32 40 40 47 47 55 55"),
        "{told}"
    );
    assert!(told.ends_with(&"; done".repeat(12)), "{told}");
    // What a list shows is followed there.
    let told = tell(&world(), &many(&small(), "server app ", 8), says);
    assert_eq!(told, format!("write 0 0 0 0 0 0 0 0, jobs 2, list 2 5 10 16 26 36 46{}", "; done".repeat(8)));
}

#[test]
fn a_job_whose_time_is_over_is_asked_for_no_more() {
    let program = format!("{}{}", server("standard-8", "lifecycle { timeouts = { create = 3s } }"), web(""));
    // Only the other one is among what is asked for.
    let says = Says {
        jobs: |number, jobs| {
            let is_both = number > 3 && jobs.len() > 1;
            let status = |job: &Job| if is_both { JobStatus::Failed } else { job.status.clone() };
            Ok(jobs.into_iter().map(|job| Job { status: status(&job), ..job }).collect())
        },
        ..TRUTH
    };
    let told = tell(&world(), &program, says);
    assert!(told.ends_with(" takes longer than its timeout; done"), "{told}");
}

#[test]
fn what_is_polled_when_the_key_is_refused_is_left_open() {
    let resize = |says| tell(&made(&small()), &server("standard-16", ""), says);
    let refused_at = |refused| Says { refused: Some(refused), ..TRUTH };
    assert_eq!(resize(refused_at(2)), "write 0; open: no such key");
    // Somebody else's job is not the operation's own.
    let busy =
        Says { call: |_, _| refused(409, "resource_busy", r#"{"job_id": "job_1"}"#), lost: |_| true, ..refused_at(2) };
    assert_eq!(
        tell(&world(), &small(), Says { refused: Some(1), ..busy }),
        "write 0, jobs 2; failed: job job_1 cannot be asked for: the API does not accept the key (run again)"
    );
    assert_eq!(resize(busy), "write 0, jobs 3; open: job job_1 cannot be asked for: the API does not accept the key");
}

#[test]
fn nothing_starts_where_the_key_is_refused() {
    let program = format!("{}{KEY}{}", small(), zone("lifecycle { depends_on = [ssh_key.k] }"));
    let says = Says {
        call: |number, said| if number == 0 { refused(401, "unauthorized", "") } else { said },
        lost: |number| number == 0,
        ..TRUTH
    };
    assert_eq!(
        tell(&world(), &program, says),
        "write 0 0; skipped: the run was stopped: the API does not accept the key; failed: no (set a valid key in \
         CLOUDNEXUS_API_KEY (or CLOUDNEXUS_COMPUTE_API_KEY, CLOUDNEXUS_PLATFORM_API_KEY)); done"
    );
}

#[test]
fn what_is_below_another_may_lack_that_one() {
    let rule = "cdn_routing_rule api {\n zone_id = cdn_zone.z.id\n name = \"api\"\n priority = 1\n \
                match = { path = \"/api/*\" }\n action = { type = \"cache\", ttl_seconds = 60 }\n}\n";
    let says = Says { call: |_, _| refused(404, "not_found", ""), lost: |_| true, ..TRUTH };
    assert_eq!(
        tell(&made(&zone("")), &format!("{}{rule}", zone("")), says),
        "write 0; failed: no (what it names is not there, or the API has no such route: look at the ids that it names; \
         `cnx doctor` tells what the target supports)"
    );
}

#[test]
fn only_a_create_goes_to_another_region() {
    let elsewhere = server("standard-16", "lifecycle { region_fallback = [\"eu-west-3\"] }");
    let says = Says { call: |_, _| refused(503, "insufficient_resources", ""), lost: |_| true, ..TRUTH };
    let help = "failed: no (choose another region or size, or try again later)";
    assert_eq!(tell(&made(&small()), &elsewhere, says), format!("write 0; {help}"));
}

#[test]
fn what_has_to_stop_first_is_as_it_was_afterwards() {
    let conflict = Says {
        call: |number, said| if number == 0 { refused(409, "state_conflict", "") } else { said },
        lost: |number| number == 0,
        ..TRUTH
    };
    let resize = |more: &str| {
        let program = |size: &str| tagged("a").replace("standard-2x4", size).replace("tags", &format!("{more}\n tags"));
        let told = super::story::told(&made(&program("standard-2x4")), &program("standard-4x8"), conflict);
        assert!(told.story.ends_with("; done"), "{}", told.story);
        told.sent.iter().map(|call| format!("{:?}", call.verb)).collect::<Vec<_>>().join(" ")
    };
    let (stop, resized, start) = ("Update(Ident(\"stop\"))", "Update(Ident(\"resize\"))", "Update(Ident(\"start\"))");
    let all = format!("{resized} {stop} {resized} {start}");
    assert_eq!([resize(""), resize("desired_status = \"running\"")], [all.clone(), all]);
    assert_eq!(resize("desired_status = \"stopped\""), format!("{resized} {stop} {resized}"));
}

//! How long is waited and how often is asked where the API's answers do not fit, and what is said in the end.

use super::super::*;
use super::rollback::instance;
use super::story::{Says, TRUTH, made, server, tagged, tell, without_job, without_object, world};
use crate::cloud::{ApiError, Job, JobStatus, Outcome};
use crate::model::{Ident, Observed, Value};

fn refused(status: u16, code: &str) -> Outcome {
    refused_with(status, code, "")
}

fn refused_with(status: u16, code: &str, details: &str) -> Outcome {
    let (code, message, details) = (code.to_owned(), "no".to_owned(), details.to_owned());
    Outcome::Rejected(ApiError { status, code, message, details, ..ApiError::default() })
}

fn unnamed(said: Seen) -> Seen {
    match said {
        Seen::Found(object) => Seen::Found(Box::new(Observed { current_job: None, ..*object })),
        other => other,
    }
}

fn untagged(said: Seen) -> Seen {
    match said {
        Seen::Found(mut object) => {
            object.attributes.insert(Ident::new("tags"), Value::map(Default::default()));
            Seen::Found(object)
        }
        other => other,
    }
}

fn missing(jobs: Vec<Job>) -> Result<Vec<Job>, String> {
    Ok(jobs.into_iter().map(|job| Job { status: JobStatus::Missing, resource: None, result: None, ..job }).collect())
}

fn failed(jobs: Vec<Job>) -> Result<Vec<Job>, String> {
    Ok(jobs.into_iter().map(|job| Job { status: JobStatus::Failed, ..job }).collect())
}

const DENIED: fn(usize, Seen) -> Seen = |_, _| Seen::Gone;
const UNSEEABLE: fn(usize, Seen) -> Seen = |_, _| Seen::Unseeable("no route".to_owned());

/// Nothing that is sent arrives.
const LOST: Says = Says { lost: |_| true, ..TRUTH };

/// What is accepted names no job, and no object names its own.
const JOBLESS: Says = Says { call: |_, said| without_job(said), read: |_, said| unnamed(said), ..TRUTH };

fn refusing(call: fn(usize, Outcome) -> Outcome) -> Says {
    Says { call, ..LOST }
}

/// A create, an update by a job and a destroy of a server; an update without a job of an instance.
fn create(says: Says) -> String {
    tell(&world(), &server("standard-16", ""), says)
}

fn resize(says: Says) -> String {
    tell(&made(&server("standard-8", "")), &server("standard-16", ""), says)
}

fn retag(says: Says) -> String {
    tell(&made(&tagged("a")), &tagged("b"), says)
}

fn destroy(says: Says) -> String {
    tell(&made(&server("standard-8", "")), "", says)
}

#[test]
fn what_goes_well_is_asked_for_ever_more_seldom() {
    assert_eq!(create(TRUTH), "write 0, jobs 2 5 9 15 23, read 23; done");
    assert_eq!(resize(TRUTH), "write 0, jobs 3 6 11 18 29 38 47 59, read 59; done");
    assert_eq!(retag(TRUTH), "write 0; done");
    assert_eq!(destroy(TRUTH), "write 0, jobs 3 6 11 18; done");
    assert_eq!(create(JOBLESS), "write 0, read 0 3 8 15 25; done");
    assert_eq!(resize(JOBLESS), "write 0, read 0 3 8 15 25 35 45 55; done");
    assert_eq!(destroy(JOBLESS), "write 0, read 0 3 8 15; done");
}

#[test]
fn what_is_lost_is_sent_five_times() {
    let lost = "write 0, read 0, write 2, read 2, write 6, read 6, write 14, read 14, write 30, read 30; \
                failed: no effect of it shows: timed out (run again when the API answers)";
    assert_eq!([retag(LOST), resize(LOST), destroy(LOST)], [lost; 3]);
    assert_eq!(
        create(LOST),
        "write 0, list 0 5, write 7, list 7 12, write 16, list 16 21, write 29, list 29 34, write 50, list 50 55; \
         failed: it was tried 5 times: timed out (run again when the API answers)"
    );
    // That a list of other regions does not show it says nothing.
    let blind = Says { regions: Some("eu-west-2"), ..LOST };
    let open =
        "write 0, list 0; open: nothing shows of it, and the key does not see us-east-1: run again with one that does";
    assert_eq!([create(blind), tell(&world(), &tagged("a"), blind)], [open; 2]);
    // Nor what was accepted, and whose job is not known any more.
    let gone = Says { call: |_, said| without_object(said), jobs: |_, jobs| missing(jobs), lost: |_| false, ..blind };
    let gone = Says { list: |_, _| Ok(Vec::new()), ..gone };
    let [narrow, wide] = [gone.regions, None].map(|regions| create(Says { regions, ..gone }));
    assert_eq!(narrow, open.replace("list 0", "jobs 2, list 2"));
    assert!(wide.starts_with("write 0, jobs 2, list 2 5") && wide.contains("it is nowhere to be seen"), "{wide}");
    assert_eq!(create(Says { regions: Some("us-east-1"), ..LOST }), create(LOST));
    let once = Says { lost: |number| number == 0, ..TRUTH };
    assert_eq!(retag(once), "write 0, read 0, write 2; done");
    let unsent = refusing(|_, _| Outcome::NotSent { reason: "refused".to_owned() });
    assert_eq!(
        create(unsent),
        "write 0; failed: the request could not be sent: refused (check the network and the API's URL, then run again)"
    );
}

#[test]
fn an_object_that_does_not_show_is_waited_for() {
    let nowhere = "failed: the API accepted it, and it is nowhere to be seen \
                   (run again; if it happens again, ask the support with the job's id)";
    let empty = Says { read: DENIED, list: |_, _| Ok(Vec::new()), ..TRUTH };
    assert_eq!(
        create(empty),
        format!(
            "write 0, jobs 2 5 9 15 23, read 23 26 29 32 35, jobs 35, \
             read 35 45 55 65 75 85 95 105 115 125 135 145; {nowhere}"
        )
    );
    assert_eq!(
        create(Says { read: DENIED, ..JOBLESS }),
        format!("write 0, read 0 3 6 9 12 22 32 42 52 62 72 82 92 102 112 122; {nowhere}")
    );
    let late = Says { read: |number, said| if number < 3 { Seen::Gone } else { said }, ..TRUTH };
    assert_eq!(create(late), "write 0, jobs 2 5 9 15 23, read 23 26 29 32; done");
}

#[test]
fn looks_that_tell_nothing_leave_it_open() {
    let polled = "write 0, jobs 3 6 11 18 29 38 47 59, read 59";
    let unread = Says { read: |_, _| Seen::Unread("HTTP 500".to_owned()), ..TRUTH };
    assert_eq!(resize(unread), format!("{polled} 61 65 73 89 105; open: HTTP 500"));
    let hidden = Says { read: |_, _| Seen::Hidden, ..TRUTH };
    assert_eq!(resize(hidden), format!("{polled} 61 65 73 89 105; open: it is not visible to this key"));
    // Its job has said all that there is to know.
    assert_eq!(resize(Says { read: UNSEEABLE, ..TRUTH }), format!("{polled}; done"));
    let lost = "write 0, read 0 2 6 14 30 46; open: no route";
    let unseeable = Says { read: UNSEEABLE, ..LOST };
    assert_eq!([resize(unseeable), destroy(unseeable)], [lost; 2]);
}

#[test]
fn jobs_that_tell_nothing_are_followed_by_their_objects() {
    let missing = Says { jobs: |_, jobs| missing(jobs), ..JOBLESS };
    let call = |_, said| said;
    assert_eq!(create(Says { call, ..missing }), "write 0, jobs 2, read 2 5 10 17 27; done");
    assert_eq!(resize(Says { call, ..missing }), "write 0, jobs 3, read 3 6 10 17 27 37 47 57; done");
    let failed = Says { jobs: |_, jobs| failed(jobs), ..TRUTH };
    let [made, resized] = [create(failed), resize(failed)];
    let ends = "failed (run again; if it fails again, ask the support with the job's id)";
    assert!(made.starts_with("write 0, jobs 2, read 2; failed: job job_") && made.ends_with(ends), "{made}");
    assert!(resized.starts_with("write 0, jobs 3; failed: job job_") && resized.ends_with(ends), "{resized}");
}

#[test]
fn a_job_that_nobody_answers_for_is_left_open_when_its_time_is_over() {
    let told = resize(Says { jobs: |_, _| Err("HTTP 500".to_owned()), ..TRUTH });
    let (asked, end) = told.split_once("; ").expect("an end");
    assert!(end.starts_with("open: job job_") && end.ends_with(" takes longer than its timeout"), "{end}");
    let asked: Vec<u64> = asked.split(' ').filter_map(|word| word.parse().ok()).skip(1).collect();
    let pauses: Vec<u64> = asked.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.iter().skip(8).all(|pause| (8..=13).contains(pause)), "{pauses:?}");
    let last = asked.last().copied().unwrap_or_default();
    assert!((900..=912).contains(&last), "its timeout is 15 minutes: {last}");
}

#[test]
fn refusals_that_may_pass_are_tried_again() {
    let busy = |_, _| refused(409, "resource_busy");
    let help = "failed: no (another job is at work on it: run again when that is over)";
    assert_eq!(create(refusing(busy)), format!("write 0 5 20 65; {help}"));
    assert_eq!(
        resize(refusing(busy)),
        format!("write 0, read 5, write 5, read 20, write 20, read 65, write 65; {help}")
    );
    let conflict = |_, _| refused(409, "state_conflict");
    assert_eq!(
        resize(refusing(conflict)),
        "write 0, read 0, write 0, read 0, write 0, read 0; \
         failed: no (it is not in a state that allows this: run again when it is at rest)"
    );
    let nothing = |_, _| refused(404, "not_found");
    let help = "(it is in neither of the API's documents; `cnx doctor` tells what the target supports)";
    assert_eq!(create(refusing(nothing)), format!("write 0; failed: the API has no route POST /servers: no {help}"));
    assert_eq!(
        create(refusing(|_, _| refused_with(404, "not_found", r#"{"resource_type": "ssh_key", "id": "key_1"}"#))),
        "write 0; failed: no (ssh_key key_1 is not there: correct the id, or run again, where the plan shows what is gone)"
    );
    assert_eq!(
        resize(refusing(nothing)),
        format!("write 0, read 0; failed: the API has no route POST /servers/{{id}}/actions: no {help}")
    );
}

#[test]
fn a_region_without_room_is_tried_again_or_left() {
    let full = |_, _| refused(503, "insufficient_resources");
    let patient = server("standard-16", "lifecycle { retry_capacity = 70s }");
    let help = "failed: no (choose another region or size, or try again later)";
    assert_eq!(tell(&world(), &patient, refusing(full)), format!("write 0 30 60 90; {help}"));
    let elsewhere = server("standard-16", "lifecycle { region_fallback = [\"eu-west-3\"] }");
    assert_eq!(tell(&world(), &elsewhere, refusing(full)), format!("write 0 0; {help}"));
    let once = |number, said| if number == 0 { refused(503, "insufficient_resources") } else { said };
    let once = Says { call: once, lost: |number| number == 0, ..TRUTH };
    assert_eq!(tell(&world(), &elsewhere, once), "write 0 0, jobs 2 5 9 14 25 34 43, read 43; done");
}

#[test]
fn what_does_not_become_as_wanted_is_looked_at_three_times() {
    let stays = Says { read: |_, said| untagged(said), ..JOBLESS };
    assert_eq!(
        retag(stays),
        "write 0, read 0 2 4; failed: the API says that it is done, and `tags` is {} \
         (run again: the plan shows what is left; if it stays, ask the support)"
    );
}

fn over(jobs: Vec<Job>) -> Vec<Job> {
    jobs.into_iter().map(|job| Job { status: JobStatus::Succeeded, ..job }).collect()
}

#[test]
fn a_job_that_is_named_is_waited_for() {
    let busy = Says {
        call: |number, said| {
            if number == 0 { refused_with(409, "resource_busy", r#"{"job_id": "job_1"}"#) } else { said }
        },
        lost: |number| number == 0,
        ..TRUTH
    };
    // Nobody knows that job: it may be over, or not.
    assert_eq!(resize(busy), "write 0, jobs 3, read 8, write 8, jobs 10 13 18 24 33 45 54 65, read 65; done");
    assert_eq!(create(busy), "write 0, jobs 2, write 7, jobs 9 12 15 23 32, read 32; done");
    let over = Says { jobs: |number, jobs| Ok(if number == 0 { over(jobs) } else { jobs }), ..busy };
    assert_eq!(resize(over), "write 0, jobs 3, read 3, write 3, jobs 5 8 13 19 28 40 49 60, read 60; done");
    assert_eq!(create(over), "write 0, jobs 2, write 2, jobs 4 7 10 18 27, read 27; done");
}

#[test]
fn only_what_may_be_run_twice_is_run_again() {
    let unknown =
        "failed: it is not known whether it ran: timed out (look at the object; the next plan offers the action again)";
    let zone = "cdn_zone z {\n domain = \"z.example.com\"\n origin_url = \"https://o.example.com\"\n}\n";
    let purge = format!("{zone}action cdn_purge p {{\n zone_id = cdn_zone.z.id\n paths = [\"/*\"]\n}}\n");
    assert_eq!(tell(&made(zone), &purge, TRUTH), "write 0, jobs 3; done");
    assert_eq!(tell(&made(zone), &purge, LOST), format!("write 0 2 4 6 8; {unknown}"));
    let small = server("standard-8", "");
    let reboot = format!("{small}action reboot r {{\n machine = server.app.id\n}}\n");
    assert_eq!(tell(&made(&small), &reboot, TRUTH), "write 0, jobs 3 6 11 18; done");
    assert_eq!(tell(&made(&small), &reboot, LOST), format!("write 0; {unknown}"));
}

#[test]
fn a_destroy_of_an_earlier_run_may_still_arrive() {
    let unread = Says { read: |_, _| Seen::Unread("HTTP 500".to_owned()), ..LOST };
    let tries = "write 0, read 0, write 2, read 2, write 6, read 6, write 14, read 14, write 30, read 30";
    let ends = "skipped: no effect of it shows: its outcome was open when an earlier run ended; \
                failed: no effect of it shows: timed out (run again when the API answers)";
    for (program, in_process) in [("", true), (server("standard-16", "").as_str(), true), ("", false)] {
        let mut world = made(&server("standard-8", ""));
        world.in_process = in_process;
        assert_eq!(tell(&world, program, unread), "write 0, read 0 2 6 14 30 46; open: HTTP 500");
        let told = tell(&world, program, LOST);
        if in_process {
            assert_eq!(told, format!("read 0, list 0, {tries}; {ends}"));
            continue;
        }
        let (before, after) = told.split_once(", list 121, write 121, read 121, ").expect("the window is waited for");
        assert_eq!(before.split(' ').skip(1).count(), 61, "a look every two seconds: {told}");
        assert!(after.ends_with(ends), "{told}");
    }
}

fn renamed(said: Seen) -> Seen {
    match said {
        Seen::Found(mut object) => {
            object.attributes.insert(Ident::new("name"), Value::string("theirs"));
            Seen::Found(object)
        }
        other => other,
    }
}

#[test]
fn what_is_written_later_is_read_again_and_nothing_is_overwritten() {
    let after = |team: &str| {
        let tags = format!("tags = {{ team = \"{team}\" }}\n lifecycle {{ depends_on = [server.app] }}");
        format!("{}{}", server("standard-8", ""), instance("app", "us-east-1", "standard-2x4", &tags))
    };
    let change = |says: Says| tell(&made(&tagged("a")), &after("b"), says);
    let read = "write 0, jobs 3 6 11 18 29, read 29 29";
    assert_eq!(change(TRUTH), format!("{read}, write 29; done; done"));
    let changed = change(Says { read: |_, said| untagged(said), ..TRUTH });
    let (_, told) = changed.split_once("; done; ").expect("the server is made");
    assert!(changed.starts_with(&format!("{read}; ")), "nothing is written: {changed}");
    assert!(told.ends_with("was changed since the plan: `tags` is another (plan again: nothing was overwritten)"));
    // What cannot be seen now is left to the API's answer.
    let hidden = Says { read: |number, said| if number == 0 { said } else { Seen::Hidden }, ..TRUTH };
    assert_eq!(change(hidden), format!("{read}, write 29; done; done"));
    let gone = |says: Says| tell(&made(&after("a")), "", says);
    assert_eq!(gone(TRUTH), "write 0, jobs 2 6 11, read 11, write 11, jobs 12 15 20 26; done; done");
    let renamed = gone(Says { read: |_, said| renamed(said), ..TRUTH });
    assert!(renamed.starts_with("write 0, jobs 2 6 11, read 11; done; failed: srv_"), "{renamed}");
    assert!(renamed.contains("was changed since the plan: `name` is another"), "{renamed}");
}

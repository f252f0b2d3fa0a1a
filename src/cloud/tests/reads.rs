//! Reading: tries by `contract.md` 2.7, what objects become, and whether one is gone, hidden or only unreachable.

use super::support::*;
use crate::cloud::{JobStatus, Presence, ReadError};
use crate::model::{Attributes, JobId, Key, RemoteId, Value};
use std::collections::BTreeMap;

const FOUND: &str = "200 {\"data\":{\"id\":\"srv_1\",\"name\":\"web\"}}";
const GONE: &str = "404 {\"error\":{\"code\":\"not_found\",\"message\":\"no\"}}";

fn word(error: &ReadError) -> &'static str {
    match error {
        ReadError::Authentication { .. } => "authentication",
        ReadError::Permission(_) => "permission",
        ReadError::NotFound(_) => "not found",
        ReadError::Refused(_) => "refused",
        ReadError::Failed(_) => "failed",
        ReadError::RateLimited { .. } => "rate limited",
        ReadError::Unreachable { .. } => "unreachable",
        ReadError::Interrupted { .. } => "interrupted",
        ReadError::BadAnswer { .. } => "bad answer",
        ReadError::NotPossible { .. } => "not possible",
    }
}

#[test]
fn reads_are_tried_again_where_that_can_help() {
    let rows: &[(&[&str], &str, usize)] = &[
        (&[FOUND], "ok", 1),
        (&["lost", "not sent", "502 <html>", "500 {}", FOUND], "ok", 5),
        (&["lost"], "interrupted", 5),
        (&["not sent"], "unreachable", 3),
        (&["503 {}"], "failed", 5),
        (&["408 {}"], "failed", 5),
        (&["429 {}", "429 <html>", FOUND], "ok", 3),
        (&["429 Retry-After=500 {}"], "rate limited", 1),
        (&["401 {}"], "authentication", 1),
        (&["403 {}"], "permission", 1),
        (&["404 {}"], "not found", 1),
        (&["405 {}"], "not found", 1),
        (&["400 {}"], "refused", 1),
        (&["422 {}"], "refused", 1),
        (&["302 {}"], "bad answer", 1),
        (&["200 <html>"], "bad answer", 1),
        (&["200 {\"data\":{\"id\":\"srv_2\"}}"], "bad answer", 1),
        (&["200 {\"error\":{\"code\":\"expired_api_key\"}}"], "authentication", 1),
        (&["200 {\"error\":{\"code\":\"internal_error\"}}"], "failed", 5),
    ];
    for (answers, wanted, requests) in rows {
        let stage = stage(answers);
        let result = run(stage.client.read(&ident("server"), &RemoteId::new("srv_1"), &Attributes::new()));
        assert_eq!(result.as_ref().map_or_else(word, |_| "ok"), *wanted, "{answers:?}");
        assert_eq!((stage.asked().len(), stage.client.requests_sent()), (*requests, *requests as u64), "{answers:?}");
        if let Err(error) = result {
            let diagnostic = error.diagnostic();
            assert!(!format!("{error:?} {diagnostic:?}").contains("canary"), "{diagnostic:?}");
            assert!(!diagnostic.help.is_empty() && !diagnostic.message.is_empty(), "{diagnostic:?}");
        }
    }
}

#[test]
fn errors_are_read_in_every_form_and_carry_the_request_id() {
    let rows = [
        (
            "400 {\"error\":{\"code\":\"c\",\"message\":\"m\",\"request_id\":\"req_b\"}}",
            "m (status 400, c, request req_b)",
        ),
        ("400 X-Request-Id=req_h {\"error\":{\"code\":\"c\",\"message\":\"m\"}}", "m (status 400, c, request req_h)"),
        ("400 {\"type\":\"about:blank\",\"title\":\"t\",\"detail\":\"d\"}", "d (status 400)"),
        ("400 {\"message\":\"m.\"}", "m (status 400)"),
        ("400 {\"error\":\"text\"}", "text (status 400)"),
        ("400 plain text", "plain text (status 400)"),
        ("400 <html><b>x</b>", "a web page instead of an answer of the API (status 400)"),
        ("400", "status 400 (status 400)"),
    ];
    for (answer, wanted) in rows {
        let stage = stage(&[answer]);
        let error = run(stage.client.read(&ident("server"), &RemoteId::new("srv_1"), &Attributes::new())).unwrap_err();
        assert_eq!(error.diagnostic().message, wanted);
    }
    let full = "409 {\"error\":{\"code\":\"insufficient_resources\",\"message\":\"full\",\"details\":{\"suggested_alternatives\":[\"eu-west-3\",\"us-east-1\"]}}}";
    let stage = stage(&[full]);
    let error = run(stage.client.read(&ident("server"), &RemoteId::new("srv_1"), &Attributes::new())).unwrap_err();
    assert_eq!(
        error.diagnostic().help,
        "the API suggests eu-west-3 or us-east-1: write `region = \"eu-west-3\"` if that will do"
    );
}

#[test]
fn objects_keep_what_the_catalog_knows() {
    let body = r#"200 ETag="1-a" {"data":{"id":"srv_1","name":17,"status":"provisioning","ipv4":null,"auto_backup":"true",
        "specs":{"cpu":"4","ram_gb":16.0,"secret":"canary"},"root_password":"canary","ssh_keys":["key_b","key_a"],"current_job_id":"job_1"}}"#;
    let stage_ = stage(&[body]);
    let object = run(stage_.client.read(&ident("server"), &RemoteId::new("srv_1"), &Attributes::new())).unwrap();
    let shown = |name: &str| object.attributes.get(name).cloned();
    assert_eq!(shown("name"), Some(Value::string("17")));
    assert_eq!(shown("desired_status"), Some(Value::string("provisioning")));
    assert_eq!(shown("ipv4"), Some(Value::Null));
    assert_eq!(shown("auto_backup"), Some(Value::Bool(true)));
    assert_eq!(shown("ssh_keys"), Some(Value::set([Value::string("key_a"), Value::string("key_b")])));
    assert_eq!(shown("plan"), None, "a member that is left out is absent");
    let specs = BTreeMap::from([("cpu".into(), Value::int(4)), ("ram_gb".into(), Value::int(16))]);
    assert_eq!(shown("specs"), Some(Value::object(specs)));
    assert_eq!((object.status.as_deref(), object.etag.as_deref()), (Some("provisioning"), Some("\"1-a\"")));
    assert_eq!(object.current_job, Some(JobId::new("job_1")));
    assert!(!format!("{object:?}").contains("canary"));

    let tagged = stage(&["200 {\"data\":{\"id\":\"inst_1\",\"tags\":{\"a\":\"b\"}}}"]);
    let object =
        run(tagged.client.read(&ident("compute_instance"), &RemoteId::new("inst_1"), &Attributes::new())).unwrap();
    assert_eq!(object.attributes[&ident("tags")], Value::map(BTreeMap::from([(Key::text("a"), Value::string("b"))])));

    let rule = stage(&[
        r#"200 {"data":{"id":"rule_1","action":{"type":"redirect","location":"/x","status_code":"301","extra":1}}}"#,
    ]);
    let object =
        run(rule.client.read(&ident("cdn_routing_rule"), &RemoteId::new("rule_1"), &texts(&[("zone_id", "z")])))
            .unwrap();
    let action =
        [("type", Value::string("redirect")), ("location", Value::string("/x")), ("status_code", Value::int(301))];
    assert_eq!(
        object.attributes[&ident("action")],
        Value::object(action.map(|(name, value)| (name.into(), value)).into())
    );
}

#[test]
fn not_found_is_confirmed_before_it_means_gone() {
    let admin =
        r#"200 {"data":{"account_id":"acc_1","key":{"environment":"live","permission":"admin","regions":null}}}"#;
    let scoped = r#"200 {"data":{"account_id":"acc_1","key":{"environment":"live","permission":"scoped","regions":["eu-west-2"]}}}"#;
    let empty = r#"200 {"data":[],"meta":{}}"#;
    let listed = r#"200 {"data":[{"id":"srv_1"}],"meta":{}}"#;
    type Row<'a> = (&'a str, &'a str, &'a [&'a str], &'a str);
    let rows: &[Row<'_>] = &[
        ("server", "srv_1", &[FOUND], "present"),
        ("server", "srv_1", &[GONE, empty, admin], "gone"),
        ("server", "srv_1", &["405 {}", empty, admin], "gone"),
        ("server", "srv_1", &[GONE, listed], "present"),
        ("server", "srv_1", &[GONE, empty, scoped], "hidden"),
        ("server", "srv_1", &[GONE, empty, GONE], "gone"),
        ("server", "srv_1", &["403 {}"], "hidden"),
        ("server", "srv_1", &[GONE, "403 {}"], "hidden"),
        ("server", "srv_1", &[GONE, GONE], "unknown"),
        ("server", "srv_1", &["500 {}"], "failed"),
        ("server", "srv_1", &["lost"], "interrupted"),
        ("database", "db_1", &[GONE, GONE, empty, admin], "gone"),
        ("database", "db_1", &[GONE, "200 {\"data\":{\"id\":\"db_1\"}}"], "present"),
        ("database", "db_1", &[GONE, GONE, "404 {}"], "unknown"),
        ("cdn_routing_rule", "rule_1", &[GONE, GONE, GONE, GONE, GONE, empty, admin], "gone"),
        ("cdn_routing_rule", "rule_1", &[GONE, GONE, GONE, "200 {\"data\":{\"id\":\"zone_1\"}}"], "unknown"),
    ];
    for (kind, id, answers, wanted) in rows {
        let stage = stage(answers);
        let found = run(stage.client.presence(&ident(kind), &RemoteId::new(id), &texts(&[("zone_id", "zone_1")])));
        let found = match &found {
            Ok(Presence::Present(_)) => "present",
            Ok(Presence::Gone) => "gone",
            Ok(Presence::Hidden) => "hidden",
            Ok(Presence::Unknown(_)) => "unknown",
            Err(error) => word(error),
        };
        assert_eq!(found, *wanted, "{kind} {answers:?} {:?}", stage.asked());
    }
}

#[test]
fn jobs_are_asked_for_together_and_one_by_one_where_that_fails() {
    let batch = r#"200 {"data":[{"id":"job_2","status":"failed","error":{"code":"c","message":"m"}},{"id":"job_9","status":"running"},
        {"id":"job_1","status":"succeeded","type":"server.create","progress":100,"resource":{"type":"server","id":"srv_1"},"result":{"snapshot_id":"snap_1"}}],"meta":{}}"#;
    let one = |status: &str| {
        format!(
            "200 {{\"data\":{{\"id\":\"job_1\",\"status\":\"{status}\",\"scheduled_for\":\"2025-02-01T03:00:00Z\"}}}}"
        )
    };
    let ids = [JobId::new("job_1"), JobId::new("job_2")];

    let stage_ = stage(&[batch]);
    let jobs = run(stage_.client.jobs(&ident("platform"), &ids)).unwrap();
    assert_eq!(stage_.asked(), ["GET /v1/jobs?id=job_1&id=job_2&limit=2"]);
    assert_eq!(
        jobs.iter().map(|job| job.status.clone()).collect::<Vec<_>>(),
        [JobStatus::Succeeded, JobStatus::Failed]
    );
    assert_eq!((jobs[0].resource.clone(), jobs[0].work.as_str()), (Some(RemoteId::new("srv_1")), "server.create"));
    assert_eq!(jobs[1].error.as_ref().map(|error| error.code.as_str()), Some("c"));

    for (status, wanted) in [
        ("scheduled", JobStatus::Scheduled(START.plus(std::time::Duration::from_secs(3600)))),
        ("dreaming", JobStatus::Open),
    ] {
        let stage = stage(&[&one(status)]);
        assert_eq!(run(stage.client.jobs(&ident("compute"), &ids[..1])).unwrap()[0].status, wanted);
        assert_eq!(stage.asked(), ["GET /v1/jobs/job_1"]);
    }

    let stage = stage(&["404 {}", &one("running"), GONE, GONE, GONE]);
    let jobs = run(stage.client.jobs(&ident("compute"), &ids)).unwrap();
    assert_eq!(jobs.iter().map(|job| job.status.clone()).collect::<Vec<_>>(), [JobStatus::Open, JobStatus::Missing]);
    run(stage.client.jobs(&ident("compute"), &ids)).unwrap();
    let asked = [
        "GET /v1/jobs?id=job_1&id=job_2&per_page=2",
        "GET /v1/jobs/job_1",
        "GET /v1/jobs/job_2",
        "GET /v1/jobs/job_1",
        "GET /v1/jobs/job_2",
    ];
    assert_eq!(stage.asked(), asked, "the batch is not tried again");
}

#[test]
fn more_than_a_few_jobs_are_not_asked_for_one_by_one() {
    let ids: Vec<JobId> = (0..6).map(|number| JobId::new(&format!("job_{number}"))).collect();
    let ones: Vec<String> =
        ids.iter().map(|id| format!("200 {{\"data\":{{\"id\":\"{id}\",\"status\":\"running\"}}}}")).collect();
    let stage = stage(&[&["404 {}"], ones.iter().map(String::as_str).collect::<Vec<_>>().as_slice()].concat());
    let jobs = |many: usize| {
        let jobs = run(stage.client.jobs(&ident("compute"), &ids[..many])).unwrap();
        jobs.iter().map(|job| job.status.clone()).collect::<Vec<_>>()
    };
    assert_eq!(jobs(6), vec![JobStatus::Unasked; 6]);
    assert_eq!(stage.asked().len(), 1, "the batch, which the API does not serve");
    assert_eq!(jobs(5), vec![JobStatus::Open; 5]);
    assert_eq!(stage.asked().len(), 6);
}

#[test]
fn all_jobs_are_listed_where_there_is_such_a_list() {
    let list = r#"200 {"data":[{"id":"job_1","status":"running"},{"id":"job_2","status":"failed"}],"meta":{}}"#;
    let served = stage(&[list]);
    let jobs = run(served.client.all_jobs(&ident("platform"))).unwrap().expect("there is one");
    assert_eq!(jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["job_1", "job_2"]);
    let missing = stage(&[GONE, GONE, GONE]);
    assert_eq!(run(missing.client.all_jobs(&ident("platform"))).unwrap(), None);
    let denied = stage(&["403 {}"]);
    assert!(run(denied.client.all_jobs(&ident("platform"))).is_err());
}

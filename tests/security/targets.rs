//! Keys of another account, live keys on another target: stopped before anything is changed, and before a secret leaves.

use super::listener::{Cloud, Listener, admin, answer, pass, quick};
use super::programs::{KEY, SERVER, ok, project, run, settings};
use crate::support::{Project, Run};
use cnx::emulator::{Environment, Key};
use serde_json::json;

const THREE: &str = r#"
server web for n in 1..=5 {
  name   = "web-${n}"
  plan   = "standard-8"
  image  = "ubuntu-22.04"
  region = "us-east-1"
}
"#;

fn with_key(project: &Project, key: &str, arguments: &[&str]) -> Run {
    let mut command = project.command(arguments);
    Run::of(command.args(["-e", "far"]).env("CLOUDNEXUS_API_KEY", key).output().expect("cnx runs"))
}

#[test]
fn a_key_of_another_account_makes_and_destroys_nothing() {
    const OTHER: &str = "cnx_sk_test_ofsomebodyelse00000";
    // Whether the API tells whose key it is or not: for this key nothing is there.
    for tells in [true, false] {
        let cloud = Cloud::new(quick(vec![admin(OTHER)]), move |heard, response| {
            let is_other = heard.header("authorization").is_some_and(|header| header.ends_with(OTHER));
            if heard.target.contains("/account") && !tells {
                return answer(
                    404,
                    &[],
                    json!({"error": {"code": "not_found", "message": "no such route"}}).to_string().as_bytes(),
                );
            }
            if !is_other {
                return pass(&response);
            }
            if heard.target.contains("/account") {
                let body = json!({"data": {"account_id": "acct_of_somebody_else", "key": {"permission": "admin"}}});
                return answer(200, &[], body.to_string().as_bytes());
            }
            if heard.target.starts_with("/v1/servers?") {
                return answer(200, &[], b"{\"data\":[],\"meta\":{\"total\":0,\"next_cursor\":null}}");
            }
            answer(
                404,
                &[],
                json!({"error": {"code": "not_found", "message": "no such object"}}).to_string().as_bytes(),
            )
        });
        let project = project(&cloud, THREE);
        assert_eq!(with_key(&project, KEY, &["apply", "--yes"]).code, 0);
        let before = cloud.writes().len();
        for arguments in
            [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"], &["apply", "--yes", "--refresh-only"]]
        {
            let run = with_key(&project, OTHER, arguments);
            assert_eq!(run.code, 5, "tells {tells}: {}: {}", arguments.join(" "), run.all());
            run.says("cnx::cli::another_cloud");
        }
        assert_eq!(cloud.writes().len(), before, "something was changed");
    }
}

#[test]
fn many_objects_gone_at_once_stop_the_run() {
    let gone = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let cloud = Cloud::new(quick(Vec::new()), {
        let gone = std::sync::Arc::clone(&gone);
        move |heard, response| {
            if !gone.load(std::sync::atomic::Ordering::SeqCst) || heard.target.contains("/account") {
                return pass(&response);
            }
            if heard.target.starts_with("/v1/servers?") {
                return answer(200, &[], b"{\"data\":[],\"meta\":{\"total\":0,\"next_cursor\":null}}");
            }
            answer(
                404,
                &[],
                json!({"error": {"code": "not_found", "message": "no such object"}}).to_string().as_bytes(),
            )
        }
    });
    let project = project(&cloud, THREE);
    ok(&project, &["apply", "--yes"]);
    gone.store(true, std::sync::atomic::Ordering::SeqCst);
    let before = cloud.writes().len();
    for arguments in [&["plan"][..], &["apply", "--yes"]] {
        let run = run(&project, arguments);
        assert_eq!(run.code, 5, "{}: {}", arguments.join(" "), run.all());
        run.says("cnx::plan::vanished").says("--assume-gone");
    }
    assert_eq!(cloud.writes().len(), before, "something was made anew");
}

#[test]
fn a_live_key_leaves_for_no_other_target() {
    let heard = Listener::forbidden();
    let live =
        ["cn_live_sk_8f3a2b9c4d1e5f6a7b8c9d0e", "cnx_sk_live_8f9d2a1b4c5e6f7g8h9i0j", "cnx_live_8f9d2a1b4c5e6f7g"];
    for key in live {
        let project = Project::new(&[("main.cnx", &format!("{}{SERVER}", settings(&heard.url(), &heard.url())))]);
        for arguments in [&["plan"][..], &["apply", "--yes"]] {
            let run = with_key(&project, key, arguments);
            assert_eq!(run.code, 1, "{}", run.all());
            run.says("cnx::cloud::live_key");
            assert!(!run.all().contains(key));
        }
        // A key never chooses a target: without an environment it is the emulator, which is told no key.
        let mut command = project.command(&["plan"]);
        let run = Run::of(command.env("CLOUDNEXUS_API_KEY", key).output().expect("cnx runs"));
        assert_eq!(run.code, 0, "{}", run.all());
        run.says("local emulator");
    }
    assert!(heard.heard().is_empty(), "{:?}", heard.heard());
}

#[test]
fn a_key_that_is_no_header_is_refused_before_it_is_sent() {
    let heard = Listener::forbidden();
    let project = Project::new(&[("main.cnx", &format!("{}{SERVER}", settings(&heard.url(), &heard.url())))]);
    for key in ["two words", "line\nbreak", "cr\rx", "tab\tx", "nul\u{1}", "\u{7f}x", "ümlaut", "a\r\nX-Evil: 1"] {
        let run = with_key(&project, key, &["plan"]);
        assert_eq!(run.code, 1, "{key:?}: {}", run.all());
        run.says("cnx::cloud::bad_key");
        assert!(!run.all().contains(key), "{key:?} is told");
    }
    assert!(heard.heard().is_empty(), "{:?}", heard.heard());
}

#[test]
fn each_surface_gets_its_own_key_and_no_other() {
    let keys: [Key; 2] = ["cnx_sk_test_forcompute0000", "cnx_sk_test_forplatform000"].map(admin);
    assert!(keys.iter().all(|key| key.environment == Environment::Test));
    let cloud = Cloud::honest(quick(keys.to_vec()));
    let program = format!(
        "{SERVER}compute_instance jump {{\n  name = \"jump\"\n  type = \"standard-2x4\"\n  image = \"ubuntu-22.04-lts\"\n  region = \"us-east-1\"\n}}\n"
    );
    let project = project(&cloud, &program);
    let mut command = project.command(&["apply", "--yes", "-e", "far"]);
    command.env("CLOUDNEXUS_COMPUTE_API_KEY", &keys[0].secret).env("CLOUDNEXUS_PLATFORM_API_KEY", &keys[1].secret);
    let applied = Run::of(command.output().expect("cnx runs"));
    assert_eq!(applied.code, 0, "{}", applied.all());
    for (surface, key) in [(&cloud.compute, &keys[0]), (&cloud.platform, &keys[1])] {
        assert!(!surface.heard().is_empty());
        let wanted = format!("Bearer {}", key.secret);
        assert!(surface.heard().iter().all(|heard| heard.header("authorization") == Some(wanted.as_str())));
    }
}

//! Programs and runs against a cloud on sockets, as a user of the sandbox has them.

use super::listener::Cloud;
use crate::support::{Project, Run};
use std::process::Command;

/// Valid on the emulator for test data.
pub const KEY: &str = "cnx_sk_test_admin0000000000000000";
pub const COMPUTE_KEY: &str = "cn_test_4c3b2a190f8e7d6c5b4a3928";

/// One server and what it lies beside.
pub const SERVER: &str = r#"
server web {
  name   = "web"
  plan   = "standard-8"
  image  = "ubuntu-22.04"
  region = "us-east-1"
}
"#;

/// The settings that lead a program to these URLs, of clouds that need no time.
pub fn settings(compute: &str, platform: &str) -> String {
    format!(
        "provider cloudnexus {{\n  compute_url = \"{compute}\"\n  platform_url = \"{platform}\"\n  speed = 100\n  requests_per_minute = 100000\n}}\n\n\
         environment far {{ target = \"sandbox\" }}\n"
    )
}

/// A project of this program on that cloud.
pub fn project(cloud: &Cloud, program: &str) -> Project {
    at(&cloud.compute.url(), &cloud.platform.url(), program)
}

pub fn at(compute: &str, platform: &str, program: &str) -> Project {
    Project::new(&[("main.cnx", &format!("{}{program}", settings(compute, platform)))])
}

/// cnx in the far environment with both keys.
pub fn far(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.args(["-e", "far"]).env("CLOUDNEXUS_COMPUTE_API_KEY", COMPUTE_KEY);
    command.env("CLOUDNEXUS_PLATFORM_API_KEY", KEY);
    command
}

pub fn run(project: &Project, arguments: &[&str]) -> Run {
    Run::of(far(project, arguments).output().expect("cnx runs"))
}

pub fn ok(project: &Project, arguments: &[&str]) -> Run {
    let run = run(project, arguments);
    assert_eq!(run.code, 0, "cnx {}\n{}", arguments.join(" "), run.all());
    run
}

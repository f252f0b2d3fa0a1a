//! The README's commands are run, and what it shows of their output is what they print.

use crate::support::{Project, Run, root};

/// A command of a `console` block and the lines shown below it.
struct Shown {
    command: String,
    output: String,
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// All commands of all blocks of this kind, in order.
fn shown(text: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    for block in text.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap_or("").lines() {
            match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => found.push(Shown { command: command.to_owned(), output: String::new() }),
                (None, Some(last)) => {
                    last.output.push_str(line);
                    last.output.push('\n');
                }
                (None, None) => {}
            }
        }
    }
    found
}

/// A folder like a clone, as far as the commands need it, and the mistake that the README shows.
fn clone() -> Project {
    let mistake = "server web {\n  name   = \"web\"\n  plan   = \"standard-8\"\n  region = \"eu-west-2\"\n  imag   = \"ubuntu-22.04\"\n}\n";
    let project = Project::new(&[("mistake/main.cnx", mistake)]);
    for file in ["main.cnx", "deploy.pub"] {
        let text = std::fs::read_to_string(root().join("examples/shop").join(file)).expect("the example");
        project.write(&format!("examples/shop/{file}"), &text);
    }
    project
}

#[test]
fn commands_print_what_is_shown() {
    let project = clone();
    let mut ran = 0;
    for Shown { command, output } in shown(&readme()) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let arguments = match words.as_slice() {
            ["cargo", "run", "--release", "--", rest @ ..] => rest,
            ["cnx", rest @ ..] => rest,
            _ => continue,
        };
        if arguments.contains(&"-e") {
            continue;
        }
        ran += 1;
        let run: Run = project.run(arguments);
        assert_eq!(run.code, i32::from(command.contains("mistake")), "{command}\n{}", run.all());
        let printed = if run.code == 0 { &run.stdout } else { &run.stderr };
        let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
        assert!(output.is_empty() || printed.join("\n").trim() == output.trim(), "{command}\n{}", printed.join("\n"));
    }
    assert_eq!(ran, 3);
    project.ok(&["apply", "-C", "examples/shop", "--yes"]).says("othing to do");
}

#[test]
fn programs_are_valid() {
    for (at, block) in readme().split("```cnx\n").skip(1).enumerate() {
        let project = Project::new(&[("main.cnx", block.split("```").next().unwrap_or(""))]);
        let run = project.run(&["check"]);
        assert_eq!(run.code, 0, "block {at}\n{}", run.all());
    }
}

#[test]
fn the_test_command_is_ci_s_test_command() {
    let command = shown(&readme()).into_iter().map(|shown| shown.command).find(|c| c.starts_with("cargo test"));
    let script = std::fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    assert!(script.lines().any(|line| Some(line) == command.as_deref()), "{command:?} is not in .ci/run");
    let sets = |line: &&str| line.starts_with("export") && line.contains("PROFILE");
    assert_eq!(script.lines().find(sets), None, "tests are built as a user builds them");
}

#[test]
fn files_that_it_names_exist() {
    let text = readme();
    for name in text.split('`').filter(|word| word.starts_with("docs/") || word.starts_with("examples/")) {
        assert!(root().join(name).exists(), "{name}");
    }
}

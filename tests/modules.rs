//! Modules with the real binary: folders of a project and what they may not reach, repositories at a pinned revision.

use crate::support::{Project, Run};
use std::path::Path;
use std::process::Command;

const SERVER: &str =
    "server s { name = name, region = \"eu-west-2\", plan = \"standard-4\", image = \"ubuntu-22.04\" }\n";

/// Runs with lines that are not folded.
fn run(project: &Project, arguments: &[&str]) -> Run {
    Run::of(project.command(arguments).env("COLUMNS", "1000").output().expect("cnx runs"))
}

/// A module `./m` that reads a file of its own.
fn project() -> Project {
    let module = format!("param name: string\n{SERVER}output note = file(\"note.txt\")\n");
    let root = "module m from \"./m\" for n in 1..=2 { name = \"k${n}\" }\noutput notes = module.m[*].note\n";
    Project::new(&[("main.cnx", root), ("m/main.cnx", &module), ("m/note.txt", "a note"), ("note.txt", "not this")])
}

#[test]
fn a_module_is_planned_applied_targeted_and_moved() {
    let project = project();
    project.ok(&["check"]);
    project.ok(&["plan", "--target", "module.m[1]"]).says("1 to create");
    project.ok(&["plan", "--target", "module.m"]).says("2 to create");
    project.ok(&["plan", "--target", "module.m.server.s"]).says("2 to create");
    project.ok(&["apply", "--yes"]);
    let listed = project.ok(&["state", "list"]).stdout;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("module.m[1].server.s"), "{listed}");
    project.ok(&["state", "show", "module.m[2].server.s"]).says("k2");
    project.ok(&["output", "notes"]).says("a note");
    project.ok(&["plan", "--detailed-exitcode"]);
    project.edit("main.cnx", "module m from", "moved module.m -> module.n\nmodule n from");
    project.edit("main.cnx", "module.m[*]", "module.n[*]");
    project.ok(&["apply", "--yes"]).says("module.n[1].server.s");
    project.ok(&["plan", "--detailed-exitcode"]);
    project.ok(&["destroy", "--yes"]);
}

#[test]
fn mistakes_are_told_once_with_their_file() {
    let project = project();
    project.write("m/more.cnx", "output x = nothing\n");
    project.edit("main.cnx", "output notes", "module other from \"./m\" { name = \"x\" }\noutput notes");
    let run = run(&project, &["check"]);
    assert_eq!(run.code, 1);
    run.says("m/more.cnx:1:12").says("main.cnx:1:15");
    assert_eq!(run.all().matches("m/more.cnx:1:12").count(), 1, "{}", run.all());
}

#[test]
fn formatting_reaches_the_modules() {
    let project = project();
    project.write("m/more.cnx", "let   a=1\noutput b = a\n");
    assert_eq!(project.run(&["fmt", "--check"]).code, 1);
    project.ok(&["fmt"]);
    project.ok(&["fmt", "--check"]);
    assert_eq!(
        std::fs::read_to_string(project.path().join("m/more.cnx")).expect("the file"),
        "let a = 1\noutput b = a\n"
    );
}

/// Demands a refusal at the module's source, soon, that says these words.
fn refused(project: &Project, what: &str, words: &str) {
    let started = std::time::Instant::now();
    let run = run(project, &["check"]);
    assert_eq!(run.code, 1, "{what}\n{}", run.all());
    assert!(run.all().contains("main.cnx:1:"), "{what} has no place\n{}", run.all());
    assert!(run.all().contains(words), "{what} does not say {words:?}\n{}", run.all());
    assert!(started.elapsed().as_secs() < 30, "{what} took {:?}", started.elapsed());
}

/// `reliability` section 5: module paths.
#[test]
fn module_paths_stay_in_the_project() {
    let check = |source: &str, words: &str| {
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("main.cnx"), "output secret = 1\n").expect("a file");
        let project = project();
        let source = source.replace("OUTSIDE", &outside.path().display().to_string());
        project.write("main.cnx", &format!("module m from \"{source}\" {{ }}\n"));
        refused(&project, &source, words);
    };
    check("../", "no path of a folder");
    check("./m/../../x", "no path of a folder");
    check("../../../../../../../../etc", "no path of a folder");
    check("OUTSIDE", "no path of a folder");
    check("/etc", "no path of a folder");
    check("m", "no path of a folder");
    check("~/m", "no path of a folder");
    check("C:/m", "no path of a folder");
    check(".\\\\m", "no path of a folder");
    check("./m\\u{0}", "no path of a folder");
    check("./absent", "absent");
    check("./note.txt", "note.txt");
    check(".", "modules use each other");
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_project() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("main.cnx"), "output note = 1\n").expect("a file");
    std::fs::write(outside.path().join("secret.txt"), "canary").expect("a file");
    let root = "module m from \"./link\" { }\n";

    let folder = project();
    folder.write("main.cnx", root);
    symlink(outside.path(), folder.path().join("link")).expect("a link");
    refused(&folder, "a link to a folder outside", "leads out");

    let chain = project();
    chain.write("main.cnx", root);
    symlink(outside.path(), chain.path().join("second")).expect("a link");
    symlink("second", chain.path().join("link")).expect("a link");
    refused(&chain, "a chain of links", "leads out");

    let ring = project();
    ring.write("main.cnx", root);
    symlink("link", ring.path().join("link")).expect("a link");
    refused(&ring, "a link to itself", "link");

    let file = project();
    file.write("main.cnx", "module m from \"./m\" { name = \"x\" }\n");
    symlink(outside.path().join("main.cnx"), file.path().join("m/more.cnx")).expect("a link");
    refused(&file, "a link to a file outside", "leads out");

    let read = project();
    symlink(outside.path().join("secret.txt"), read.path().join("m/secret.txt")).expect("a link");
    read.edit("m/main.cnx", "note.txt", "secret.txt");
    let run = run(&read, &["plan"]);
    assert_eq!(run.code, 1);
    run.says("leads out").says("m/main.cnx:3:");
    assert!(!run.all().contains("canary"));

    let inside = project();
    symlink("m", inside.path().join("link")).expect("a link");
    inside.write("main.cnx", "module a from \"./link\" { name = \"x\" }\nmodule b from \"./m\" { name = \"y\" }\n");
    inside.ok(&["check"]);
}

#[cfg(unix)]
#[test]
fn only_plain_files_of_bounded_size_are_read() {
    let root = "module m from \"./m\" { name = \"x\" }\n";
    let with = |make: &dyn Fn(&Path)| {
        let project = project();
        project.write("main.cnx", root);
        make(&project.path().join("m/more.cnx"));
        project
    };
    let fifo = with(&|path| {
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    });
    refused(&fifo, "a pipe", "no plain file");
    let device = with(&|path| std::os::unix::fs::symlink("/dev/zero", path).expect("a link"));
    refused(&device, "a device", "leads out");
    let sparse = with(&|path| {
        let file = std::fs::File::create(path).expect("a file");
        file.set_len(10 << 30).expect("a sparse file");
    });
    refused(&sparse, "10 GiB", "larger than 16 MiB");
    let twice = with(&|path| {
        std::fs::write(path, "").expect("a file");
        std::fs::write(path.with_file_name("More.cnx"), "").expect("a file");
    });
    refused(&twice, "two names for one", "take for one");
    // A hard link is a plain file like any other: who could make it could have copied the text.
    let hard = with(&|path| std::fs::hard_link(path.with_file_name("main.cnx"), path).expect("a hard link"));
    assert_eq!(run(&hard, &["check"]).code, 1);
    run(&hard, &["check"]).says("declared twice");
}

/// A bare repository with a module in `m`, tagged `v1`; on its branch `main` a second commit.
pub fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let work = folder.path().join("work");
    let module = format!("param name: string\n{SERVER}module n from \"../n\" {{ }}\n");
    std::fs::create_dir_all(work.join("m")).expect("folders");
    std::fs::create_dir_all(work.join("n")).expect("folders");
    std::fs::write(work.join("m/main.cnx"), module).expect("a file");
    std::fs::write(work.join("n/main.cnx"), "output x = 1\n").expect("a file");
    std::os::unix::fs::symlink("/etc", work.join("m/out")).expect("a link");
    git(&work, &["init", "--quiet", "--initial-branch=main", "."]);
    git(&work, &["add", "."]);
    git(&work, &["commit", "--quiet", "-m", "one"]);
    git(&work, &["tag", "-a", "v1", "-m", "first"]);
    std::fs::write(work.join("n/main.cnx"), "output x = 2\n").expect("a file");
    git(&work, &["commit", "--quiet", "-am", "two"]);
    git(folder.path(), &["clone", "--quiet", "--bare", "work", "r.git"]);
    folder
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let run = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    assert!(run.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).trim().to_owned()
}

pub fn using(repository: &Path, revision: &str) -> Project {
    let source = format!("git+file://{}/r.git//m?rev={revision}", repository.display());
    Project::new(&[("main.cnx", &format!("module m from \"{source}\" {{ name = \"k\" }}\n"))])
}

fn text(project: &Project, path: &str) -> String {
    std::fs::read_to_string(project.path().join(path)).expect("the file")
}

/// The folder of the one module that was fetched.
pub fn fetched(project: &Project) -> std::path::PathBuf {
    let folder = project.path().join(".cnx/modules");
    let mut all = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let first = all.next().expect("a module");
    assert!(all.next().is_none(), "nothing is left over");
    first
}

#[test]
fn a_repository_at_a_tag_is_fetched_locked_and_held_to_it() {
    let repository = repository();
    let commit = git(&repository.path().join("work"), &["rev-parse", "v1^{commit}"]);
    let project = using(repository.path(), "v1");
    project.ok(&["check"]).says("fetching");
    let lock = text(&project, "cnx.lock");
    assert!(lock.contains(&commit) && lock.contains("\"sha256:"), "{lock}");
    project.ok(&["plan", "--offline", "--locked"]).says("module.m.server.s");
    assert!(!fetched(&project).join("m/out").exists(), "a link is left out");

    std::fs::remove_dir_all(project.path().join(".cnx")).expect("removed");
    run(&project, &["check", "--offline"]).says("--offline");
    project.ok(&["check", "--locked"]).says("fetching");
    assert_eq!(text(&project, "cnx.lock"), lock);

    std::fs::write(fetched(&project).join("n/main.cnx"), "output x = 3\n").expect("a file");
    let changed = run(&project, &["check"]);
    assert_eq!(changed.code, 1);
    changed.says("is not as `cnx.lock` says").says("main.cnx:1:15");

    std::fs::remove_dir_all(project.path().join(".cnx")).expect("removed");
    project.write("cnx.lock", &lock.replace("sha256:", "sha256:0"));
    run(&project, &["check"]).says("another content");

    project.write("cnx.lock", &lock);
    project.write("main.cnx", &text(&project, "main.cnx").replace("rev=v1", &format!("rev={commit}")));
    project.ok(&["check"]);
    let lock = text(&project, "cnx.lock");
    assert!(lock.matches("\"source\"").count() == 1 && !lock.contains("\"v1\""), "what is used no more goes: {lock}");
}

#[test]
fn a_tag_that_moved_changes_nothing() {
    let repository = repository();
    let project = using(repository.path(), "v1");
    project.ok(&["check"]);
    let lock = text(&project, "cnx.lock");
    git(&repository.path().join("r.git"), &["tag", "-f", "v1", "main"]);
    std::fs::remove_dir_all(project.path().join(".cnx")).expect("removed");
    project.ok(&["check"]);
    assert_eq!(text(&project, "cnx.lock"), lock);
    assert_eq!(text_at(&fetched(&project), "n/main.cnx"), "output x = 1\n");
}

fn text_at(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).expect("the file")
}

#[test]
fn what_is_not_pinned_or_not_there_is_refused() {
    let repository = repository();
    let check = |revision: &str, arguments: &[&str], words: &str| {
        let project = using(repository.path(), revision);
        let run = run(&project, &[&["check"], arguments].concat());
        assert_eq!(run.code, 1, "{revision}");
        run.says(words).says("main.cnx:1:15");
        assert!(!project.path().join("cnx.lock").exists(), "{revision}");
    };
    check("main", &[], "is a branch");
    check("v9", &[], "no tag `v9`");
    check("0123456789abcdef0123456789abcdef01234567", &[], "module can't be fetched");
    check("0123456", &[], "no tag");
    check("v1", &["--locked"], "cnx.lock");
    check("v1", &["--offline"], "--offline");
    let head = git(&repository.path().join("work"), &["rev-parse", "main"]);
    let project = using(repository.path(), &head);
    project.ok(&["check"]);
    assert_eq!(text_at(&fetched(&project), "n/main.cnx"), "output x = 2\n");
}

#[test]
fn a_lock_file_that_cannot_be_used_is_told() {
    let repository = repository();
    let check = |text: &str, words: &str| {
        let project = using(repository.path(), "v1");
        project.write("cnx.lock", text);
        let run = run(&project, &["check"]);
        assert_eq!(run.code, 1);
        run.says(words);
    };
    check("{", "cnx.lock");
    check("{}", "no lock file");
    check("{\"format\": \"cnx-lock\", \"version\": 2}", "newer format");
    check("{\"format\": \"cnx-lock\", \"version\": 1, \"modules\": [{}]}", "not whole");
}

#[test]
fn hooks_and_settings_of_a_repository_do_not_run() {
    let repository = repository();
    let project = using(repository.path(), "v1");
    let marker = project.path().join("ran");
    let script = format!("#!/bin/sh\ntouch {}\n", marker.display());
    let hook = project.path().join("hook");
    std::fs::write(&hook, script).expect("a file");
    let run = Command::new("chmod").arg("755").arg(&hook).status().expect("chmod");
    assert!(run.success());
    project.write(
        ".gitconfig",
        &format!(
            "[core]\n\thooksPath = {0}\n\tfsmonitor = {0}/hook\n[protocol]\n\tallow = always\n",
            project.path().display()
        ),
    );
    std::fs::copy(&hook, project.path().join("reference-transaction")).expect("a copy");
    project.ok(&["check"]);
    assert!(!marker.exists(), "a hook ran");
}

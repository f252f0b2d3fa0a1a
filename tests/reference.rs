//! `cnx docs`: in the terminal, for machines, and as HTML whose every link leads somewhere and that fits any window.

use crate::outside::browser::chromium;
use crate::outside::tools;
use crate::support::{Project, Run};
use cnx::model::Mode;
use cnx::provider::cloudnexus;
use cnx::report::reference::examples::declaration;
use std::collections::{BTreeMap, BTreeSet};

const PROGRAM: &str = "# How many web servers to run.\nparam replicas: int = 2\n\n# What opens the door.\nsecret param token: string = \
                       \"hunter22\"\n\n# The zone of the shop <b>.\nserver web for n in 1..=replicas {\n  name = \"w\"\n}\n\noutput o = 1\n";

#[test]
fn what_there_is_is_listed() {
    let run = Project::new(&[("main.cnx", PROGRAM)]).ok(&["docs"]);
    for text in [
        "This project",
        "replicas",
        "How many web servers to run.",
        "Kinds",
        "compute_instance",
        "cdn_purge",
        "cidrsubnet",
    ] {
        run.says(text);
    }
    for line in run.stdout.lines() {
        assert!(line.chars().count() <= 80 && !line.contains('\u{1b}'), "{line}");
    }
    let run = Project::new(&[]).ok(&["docs", "fn"]);
    assert!(run.stdout.contains("cidrsubnet") && !run.stdout.contains("compute_instance"));
}

#[test]
fn one_of_them_is_told_whole() {
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    let run = project.ok(&["docs", "server"]);
    for text in ["server main {", "plan", "required", "`string`", "Ids begin with `srv_`", "Read back", "ipv4"] {
        run.says(text);
    }
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.stdout);
    project.ok(&["docs", "fn", "cidrsubnet"]).says("cidrsubnet(").says("==");
    project.ok(&["docs", "replicas"]).says("param replicas: int = 2").says("How many").says("main.cnx:2:1");
    project.ok(&["docs", "server.web"]).says("server web for n in 1..=replicas");
    let secret = project.ok(&["docs", "token"]);
    assert!(secret.stdout.contains("secret param token: string") && !secret.all().contains("hunter22"));
    let wrong = |arguments: &[&str], said: &str| {
        let run = project.run(arguments);
        assert_eq!(run.code, 1);
        run.says(said);
    };
    wrong(&["docs", "sever"], "did you mean `server`?");
    wrong(&["docs", "fn", "lenght"], "did you mean `length`?");
    wrong(&["docs", "fn", "timestamp"], "no clock");
    wrong(&["docs", "server", "web"], "too much");
}

#[test]
fn machines_read_it_too() {
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    let lines = |run: &Run| -> Vec<serde_json::Value> {
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let server = &lines(&project.ok(&["docs", "server", "--json"]))[0];
    assert_eq!((server["format"].as_str(), server["sort"].as_str()), (Some("cnx-docs"), Some("kind")));
    let plan = server["attributes"].as_array().expect("attributes").iter().find(|one| one["name"] == "plan");
    assert_eq!(plan.expect("a plan")["required"], true);
    let all = lines(&project.ok(&["docs", "--json"]));
    let sorts: BTreeSet<&str> = all.iter().filter_map(|one| one["sort"].as_str()).collect();
    assert_eq!(sorts, ["action", "data", "declaration", "function", "kind"].into());
    assert!(all.len() > 110);
}

/// The example of every kind's page is right, with those of the kinds that it needs.
#[test]
fn the_examples_of_kinds_are_programs() {
    let catalog = cloudnexus();
    let kinds = catalog.kinds.iter().map(|(name, one)| declaration(Mode::Managed, name, &one.attributes));
    let actions = catalog.actions.iter().map(|(name, one)| declaration(Mode::Action, name, &one.attributes));
    let sources = catalog.sources.iter().map(|(name, one)| declaration(Mode::Data, name, &one.attributes));
    let text = kinds.chain(actions).chain(sources).collect::<Vec<_>>().join("\n");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEsM x\n";
    let project = Project::new(&[("main.cnx", &text), ("deploy.pub", key)]);
    project.ok(&["fmt", "--check"]);
    let run = project.ok(&["check"]);
    assert!(!run.all().contains("warning"), "{text}\n{}", run.all());
    project.ok(&["plan"]);
}

/// `tests/terraform-functions.txt` is what `terraform metadata functions -json` of Terraform 1.11.4 lists.
#[test]
fn every_function_of_terraform_is_here_or_left_out_with_a_reason() {
    use cnx::program::library::{find, functions, left_out};
    let theirs = include_str!("terraform-functions.txt").lines();
    let neither: Vec<&str> = theirs.clone().filter(|name| find(name).is_none() == left_out(name).is_none()).collect();
    assert!(neither.is_empty(), "in the library, or left out with a reason, but not both: {neither:?}");
    let page = include_str!("../docs/functions.md");
    let rows = page.split("| Terraform | why |").nth(1).expect("the table").lines().skip(2);
    let rows: Vec<&str> = rows.filter_map(|row| row.split(" | ").next()?.strip_prefix("| ")).collect();
    let stale = rows.iter().flat_map(|names| names.split(", ")).filter(|name| !theirs.clone().any(|one| one == *name));
    let stale: Vec<&str> = stale.collect();
    assert!(stale.is_empty() && rows.len() >= 10, "left out, but Terraform has none such: {stale:?}");
    assert!(functions().len() >= 90, "{} functions", functions().len());
}

/// The site of a project, file by file.
fn site(project: &Project) -> BTreeMap<String, String> {
    project.ok(&["docs", "--html", "site"]);
    let files = std::fs::read_dir(project.path().join("site")).expect("the folder");
    files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "html"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("a page"))
        })
        .collect()
}

/// The values of an attribute in a page.
fn values<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!(" {name}=\"");
    page.split(&opening).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_link_of_the_site_leads_somewhere() {
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    let site = site(&project);
    assert!(
        site.len() > 15
            && site["project.html"].contains("shop &lt;b&gt;")
            && !site["project.html"].contains("hunter22")
    );
    let mut wrong = Vec::new();
    for (name, page) in &site {
        let ids = values(page, "id");
        let mut seen = BTreeSet::new();
        wrong.extend(ids.iter().filter(|id| !seen.insert(**id)).map(|id| format!("{name}: two of {id}")));
        for target in values(page, "href").into_iter().filter(|target| !target.starts_with("https://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { name } else { file };
            let there = site.get(file).is_some_and(|page| anchor.is_empty() || values(page, "id").contains(&anchor));
            if !there {
                wrong.push(format!("{name}: {target} leads nowhere"));
            }
        }
        if page.contains("<link")
            || page.contains(" src=")
            || page.contains("http://") && page.contains("href=\"http://")
        {
            wrong.push(format!("{name} needs something from outside"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let codes = cnx::cli::explanations::explanations().map(|one| one.code.id);
    let lost: Vec<&str> = codes.filter(|code| !site["index.html"].contains(code)).collect();
    assert!(lost.is_empty(), "not in the index: {lost:?}");
}

#[test]
fn only_an_own_folder_is_written_into() {
    let project = Project::new(&[("main.cnx", PROGRAM), ("mine/notes.txt", "mine"), ("empty/x", "")]);
    std::fs::remove_file(project.path().join("empty/x")).expect("removed");
    let run = project.run(&["docs", "--html", "mine"]);
    assert_eq!(run.code, 1);
    run.says("cnx::cli::exists").says("notes.txt");
    assert_eq!(std::fs::read_dir(project.path().join("mine")).expect("there").count(), 1);
    project.ok(&["docs", "--html", "empty"]);
    project.ok(&["docs", "--html", "empty"]).says("empty/index.html");
    project.write("main.cnx", "\n");
    project.ok(&["docs", "--html", "empty"]);
    assert!(!project.path().join("empty/project.html").exists(), "what is no longer told of is gone");
}

/// Every page in frames of several widths; the document says which are wider than their frame.
const FRAMES: &str = r#"<!doctype html><body><pre id="found">waiting</pre><script>
const pages = PAGES, widths = [360, 1280];
let left = pages.length * widths.length, wide = [];
for (const page of pages) for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:800px;border:0`;
  frame.onload = () => {
    const root = frame.contentDocument.documentElement;
    if (root.scrollWidth > root.clientWidth) wide.push(`${page} at ${width}: ${root.scrollWidth}`);
    left -= 1;
    if (left === 0) document.getElementById("found").textContent = wide.length ? wide.join("\n") : "all fit";
  };
  frame.src = page;
  document.body.append(frame);
}
</script>"#;

#[test]
fn no_page_is_wider_than_its_window() {
    let Some(browser) = chromium() else { return };
    let project = Project::new(&[("main.cnx", PROGRAM)]);
    let pages: Vec<String> = site(&project).into_keys().collect();
    project.write("site/frames.htm", &FRAMES.replace("PAGES", &serde_json::to_string(&pages).expect("JSON")));
    let mut command = std::process::Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--allow-file-access-from-files"]);
    command.arg(format!("--user-data-dir={}", project.path().join("profile").display()));
    command.args(["--virtual-time-budget=20000", "--dump-dom"]);
    command.arg(format!("file://{}", project.path().join("site/frames.htm").display()));
    let output = tools::run(&mut command);
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = page.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    assert_eq!(found, Some("all fit"), "{page}");
}

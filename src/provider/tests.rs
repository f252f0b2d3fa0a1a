//! The built-in catalog against the contract, and what the reader says of mistakes.

use super::*;
use crate::model::http::Method;
use crate::model::{Ident, Type, Value};

fn ident(text: &str) -> Ident {
    Ident::new(text)
}

#[test]
fn the_built_in_file_is_right() {
    if let Err(diagnostics) = catalog_of(CLOUDNEXUS) {
        panic!("{diagnostics:#?}");
    }
}

#[test]
fn every_kind_action_and_source_of_the_contract_is_there() {
    let catalog = cloudnexus();
    let names = |names: Vec<&Ident>| names.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(
        names(catalog.kinds.keys().collect()),
        "compute_instance server database cdn_zone cdn_routing_rule snapshot ssh_key"
    );
    assert_eq!(names(catalog.actions.keys().collect()), "cdn_purge power reboot");
    assert_eq!(names(catalog.sources.keys().collect()), "regions instance_types plans images account cdn_analytics");
    assert_eq!(names(catalog.surfaces.keys().collect()), "compute platform");
}

/// kind.operation → method, path, sent members.
#[test]
fn operations_go_where_the_contract_says_and_send_what_it_names() {
    let rows = [
        ("compute_instance.create", "POST /compute/instances", "name type region image ssh_keys tags"),
        ("compute_instance.patch", "PATCH /compute/instances/{id}", "name tags"),
        ("compute_instance.resize", "POST /compute/instances/{id}/actions", "type"),
        ("compute_instance.start", "POST /compute/instances/{id}/actions", ""),
        ("compute_instance.list", "GET /compute/instances", ""),
        ("server.create", "POST /servers", "name plan region image ssh_keys auto_backup"),
        ("server.patch", "PATCH /servers/{id}", "name auto_backup"),
        ("server.resize", "POST /servers/{id}/actions", "plan"),
        ("server.delete", "DELETE /servers/{id}", ""),
        ("database.create", "POST /databases", "name engine version region tier read_replicas"),
        ("database.patch", "PATCH /databases/{id}", "name"),
        ("database.scale", "POST /databases/scale", "database_id new_tier read_replicas maintenance_window"),
        ("cdn_zone.create", "POST /cdn/zones", "domain origin_url default_ttl_seconds"),
        ("cdn_zone.patch", "PATCH /cdn/zones/{id}", "origin_url default_ttl_seconds"),
        ("cdn_routing_rule.create", "POST /cdn/zones/{zone_id}/rules", "name priority enabled match action"),
        ("cdn_routing_rule.read", "GET /cdn/zones/{zone_id}/rules/{id}", ""),
        ("snapshot.create", "POST /compute/instances/{source_id}/actions", ""),
        ("snapshot.list", "GET /snapshots", ""),
        ("ssh_key.create", "POST /ssh_keys", "name public_key"),
        ("ssh_key.patch", "PATCH /ssh_keys/{id}", "name"),
    ];
    for (name, wanted, members) in rows {
        let (kind, operation) = name.split_once('.').unwrap();
        let kind = cloudnexus().kind(&ident(kind)).unwrap();
        let operation = match operation {
            "create" => &kind.create,
            "read" => &kind.read,
            "list" => &kind.list,
            "delete" => &kind.delete,
            update => &kind.updates[update],
        };
        assert_eq!(format!("{} {}", operation.method.as_str(), operation.routes[0].path), wanted, "{name}");
        let sent: Vec<_> = operation.members.values().map(String::as_str).collect();
        assert_eq!(sent.join(" "), members, "{name}");
    }
}

#[test]
fn what_is_particular_to_a_kind_is_read() {
    let catalog = cloudnexus();
    let attribute = |kind: &str, name: &str| catalog.kind(&ident(kind)).unwrap().attribute(name).unwrap();

    let status = attribute("server", "desired_status");
    assert_eq!((status.shown_as.as_str(), status.sent), ("status", false));
    assert_eq!(status.presence, Presence::Optional { default: Some(Value::string("running")) });
    let Update::ByValue(by_value) = &status.update else { panic!("{:?}", status.update) };
    assert_eq!(by_value["stopped"], ident("stop"));

    assert_eq!(attribute("database", "maintenance_window").update, Update::Argument);
    assert_eq!(attribute("database", "tier").update, Update::By(ident("scale")));
    assert!(catalog.kind(&ident("database")).unwrap().updates["scale"].sends_all);
    assert_eq!(attribute("server", "image").compare, Compare::ModuloSuffix("-lts".to_owned()));
    assert_eq!(attribute("ssh_key", "public_key").compare, Compare::PublicKey);
    assert_eq!(attribute("server", "ssh_keys").ty, Type::set(Type::Id(ident("ssh_key"))));
    assert_eq!(attribute("snapshot", "source_id").shown_as, "source.id");
    assert!(matches!(&attribute("cdn_routing_rule", "action").ty, Type::Union(members) if members.len() == 5));

    let snapshot = &catalog.kind(&ident("snapshot")).unwrap().create;
    assert_eq!(snapshot.constants["action"], Value::string("snapshot"));
    assert_eq!(snapshot.id_in_result.as_deref(), Some("snapshot_id"));
    assert_eq!(snapshot.routes[1].surface, ident("platform"));
    assert_eq!(snapshot.routes[1].when, Some((ident("source_id"), "srv_".to_owned())));

    let stamped: Vec<_> =
        catalog.kinds.values().filter(|kind| kind.stamp.is_some()).map(|kind| kind.name.to_string()).collect();
    assert_eq!(stamped, ["compute_instance"]);
    assert_eq!(catalog.kind(&ident("database")).unwrap().timeouts.by_operation["scale"], 3_600_000);
    assert_eq!(catalog.actions["cdn_purge"].operation.constants["async"], Value::Bool(true));
    assert_eq!(catalog.actions["power"].operation.members[&ident("action")], "action");
    assert_eq!(catalog.sources["cdn_analytics"].read.method, Method::Get);
    assert!(
        catalog.kinds.values().all(|kind| !kind.doc.is_empty() && kind.attributes.values().all(|a| !a.doc.is_empty()))
    );
}

const SURFACE: &str = r#"
surface main {
  production_url = "https://a.example/v1"
  sandbox_url = "https://b.example/v1"
  url_setting = "main_url"
  pagination = "page"
  page_size = 10
  requests_per_minute = 10
  jobs_path = "/jobs"
  jobs_batch = 1
  account_path = "/account"
}
"#;

fn kind(attributes: &str, operations: &str) -> String {
    format!(
        "{SURFACE}kind thing {{\n surface = \"main\"\n id_prefix = \"t_\"\n cost = \"free\"\n attributes = {{ {attributes} }}\n \
         operations = {{ create = {{ path = \"/t\" }}, read = {{ path = \"/t/{{id}}\" }}, list = {{ path = \"/t\" }}, \
         delete = {{ path = \"/t/{{id}}\" }}{operations} }}\n}}\n"
    )
}

/// A provider file → the complaints, code and message or help.
#[test]
fn mistakes_are_told_all_at_once() {
    let name = "name = { doc = \"a\", type = string, required = true, update = \"patch\" }";
    let patch = ", patch = { path = \"/t/{id}\" }";
    let rows: &[(String, &[&str])] = &[
        (kind(name, patch), &[]),
        (
            kind(&name.replace("update", "updat"), patch),
            &["missing_member: `name` does not say how it changes", "unknown_member: `updat` is not known here"],
        ),
        (kind(&name.replace("string", "strin"), patch), &["wrong_value: "]),
        (kind(&name.replace("string", "id(\"other\")"), patch), &["unknown_name: there is no kind `other`"]),
        (kind(name, ""), &["unknown_name: there is no operation `patch`"]),
        (kind(name, ", patch = { path = \"/t/{ids}\" }"), &["unknown_name: there is no attribute of `path` `ids`"]),
        (kind(&name.replace("update", "pattern = \"[\", update"), patch), &["wrong_value: "]),
        (format!("{SURFACE}{SURFACE}"), &["duplicate: surface `main` is declared twice"]),
        (format!("{SURFACE}param x: int = 1\n"), &["unknown_declaration: "]),
        (SURFACE.replace("page_size = 10", "page_size = 1.5"), &["wrong_value: "]),
        (
            "surface main { }\n".to_owned(),
            &[
                "missing_member: `production_url` is missing",
                "missing_member: `sandbox_url` is missing",
                "missing_member: `url_setting` is missing",
                "missing_member: `pagination` is missing",
                "wrong_value: ",
                "missing_member: `page_size` is missing",
                "missing_member: `requests_per_minute` is missing",
                "missing_member: `jobs_path` is missing",
                "missing_member: `jobs_batch` is missing",
                "missing_member: `account_path` is missing",
            ],
        ),
    ];
    for (text, wanted) in rows {
        let complaints: Vec<String> = match catalog_of(text) {
            Ok(_) => Vec::new(),
            Err(diagnostics) => diagnostics
                .0
                .iter()
                .map(|d| format!("{}: {}", d.code.id.trim_start_matches("cnx::provider::"), d.message))
                .collect(),
        };
        assert_eq!(complaints, *wanted, "{text}");
    }
}

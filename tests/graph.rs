//! `cnx graph`: every form says the same, without a request.

use crate::support::Project;

#[test]
fn every_form_of_the_graph_has_its_nodes_and_arrows() {
    let project = Project::example("shop");
    let dot = project.ok(&["graph"]).stdout;
    assert!(dot.starts_with("digraph cnx {\n") && dot.ends_with("}\n"));
    assert!(dot.contains("  \"server.web[1]\" -> \"ssh_key.deploy\"\n"), "{dot}");
    assert!(dot.contains("  \"cdn_purge.assets\" [style = rounded]\n"), "{dot}");
    let json: serde_json::Value = serde_json::from_str(&project.ok(&["graph", "--json"]).stdout).expect("JSON");
    let nodes = json["nodes"].as_array().expect("nodes");
    assert_eq!(json["format"], "cnx-graph");
    let zone = nodes.iter().find(|node| node["address"] == "cdn_zone.shop").expect("the zone");
    assert_eq!(zone["needs"], serde_json::json!(["server.web[1]"]));
    let arrows: usize = nodes.iter().map(|node| node["needs"].as_array().expect("needs").len()).sum();
    assert_eq!(dot.matches(" -> ").count(), arrows);
    let mermaid = project.ok(&["graph", "--format", "mermaid"]).stdout;
    assert_eq!((mermaid.matches(" --> ").count(), mermaid.lines().count()), (arrows, 1 + nodes.len() + arrows));
    let svg = project.ok(&["graph", "--format", "svg"]).stdout;
    assert_eq!((svg.matches("<path ").count(), svg.matches("<text ").count()), (arrows, nodes.len()));
    assert!(!project.path().join(".cnx").exists(), "nothing is kept");
}

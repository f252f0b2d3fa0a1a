//! What depends on what, as Graphviz, Mermaid, a drawing, or JSON. An arrow leads from what depends to what it needs.

use super::escape;
use super::page::html::escaped;
use crate::desired::Instance;
use crate::model::{Dag, Mode, NodeId};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Nodes by address in order, with the places in that order of what each depends on.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    pub nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub address: String,
    pub mode: Mode,
    pub needs: Vec<usize>,
}

/// The picture of what is wanted.
pub fn picture(graph: &Dag<Instance>) -> Picture {
    let mut order: Vec<(NodeId, String, Mode)> =
        graph.order().map(|(id, one)| (id, one.address.to_string(), one.address.mode)).collect();
    order.sort_by(|a, b| a.1.cmp(&b.1));
    let places: BTreeMap<NodeId, usize> = order.iter().enumerate().map(|(at, (id, ..))| (*id, at)).collect();
    let nodes = order.iter().map(|(id, address, mode)| {
        let mut needs: Vec<usize> = graph.dependencies(*id).iter().filter_map(|id| places.get(id).copied()).collect();
        needs.sort_unstable();
        Node { address: address.clone(), mode: *mode, needs }
    });
    Picture { nodes: nodes.collect() }
}

impl Picture {
    fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        self.nodes.iter().enumerate().flat_map(|(at, node)| node.needs.iter().map(move |needed| (at, *needed)))
    }
}

pub fn dot(picture: &Picture) -> String {
    let quoted = |text: &str| format!("\"{}\"", escape::clean(text).replace('\\', "\\\\").replace('"', "\\\""));
    let mut out = String::from("digraph cnx {\n  rankdir = \"RL\"\n  node [shape = box, fontname = \"monospace\"]\n");
    for node in &picture.nodes {
        let style = match node.mode {
            Mode::Managed => "",
            Mode::Data => " [style = dashed]",
            Mode::Action => " [style = rounded]",
        };
        out.push_str(&format!("  {}{style}\n", quoted(&node.address)));
    }
    for (from, to) in picture.edges() {
        out.push_str(&format!(
            "  {} -> {}\n",
            quoted(&picture.nodes[from].address),
            quoted(&picture.nodes[to].address)
        ));
    }
    out + "}\n"
}

pub fn mermaid(picture: &Picture) -> String {
    let mut out = String::from("flowchart RL\n");
    for (at, node) in picture.nodes.iter().enumerate() {
        let text = escaped(&escape::clean(&node.address)).replace("&quot;", "#quot;");
        let (open, close) = match node.mode {
            Mode::Managed => ("[", "]"),
            Mode::Data => ("[/", "/]"),
            Mode::Action => ("([", "])"),
        };
        out.push_str(&format!("  n{at}{open}\"{text}\"{close}\n"));
    }
    for (from, to) in picture.edges() {
        out.push_str(&format!("  n{from} --> n{to}\n"));
    }
    out
}

const ROW: usize = 40;
const HIGH: usize = 26;
const GAP: usize = 60;
/// Of a letter of the drawing's font.
const LETTER: usize = 8;

/// Columns from left to right: what needs nothing first, everything else right of all that it needs.
pub fn svg(picture: &Picture) -> String {
    let columns = columns(picture);
    let count = columns.iter().max().map_or(0, |most| most + 1);
    let mut widths = vec![0; count];
    let mut heights = vec![0; count];
    let mut rows = Vec::new();
    for (node, column) in picture.nodes.iter().zip(&columns) {
        widths[*column] = widths[*column].max(escape::clean(&node.address).chars().count() * LETTER + 20);
        rows.push(heights[*column]);
        heights[*column] += 1;
    }
    let lefts: Vec<usize> =
        (0..count).map(|at| widths[..at].iter().map(|width| width + GAP).sum::<usize>() + 10).collect();
    let (wide, high) =
        (widths.iter().map(|width| width + GAP).sum::<usize>().max(80), heights.iter().max().unwrap_or(&1) * ROW + 20);
    let corner = |at: usize| (lefts[columns[at]], rows[at] * ROW + 10);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" \
         font-family=\"monospace\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (from, to) in picture.edges() {
        let ((x1, y1), (x2, y2)) = (corner(from), corner(to));
        let (x2, y1, y2) = (x2 + widths[columns[to]], y1 + HIGH / 2, y2 + HIGH / 2);
        let middle = usize::midpoint(x1, x2);
        out.push_str(&format!(
            "<path d=\"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#8a94a0\"/>\n"
        ));
    }
    for (at, node) in picture.nodes.iter().enumerate() {
        let ((x, y), wide) = (corner(at), widths[columns[at]]);
        let style = match node.mode {
            Mode::Managed => "",
            Mode::Data => " stroke-dasharray=\"4\"",
            Mode::Action => " rx=\"12\"",
        };
        out.push_str(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{HIGH}\" fill=\"#f4f6f8\" stroke=\"#59636e\"{style}/>\n"));
        out.push_str(&format!(
            "<text x=\"{}\" y=\"{}\">{}</text>\n",
            x + 10,
            y + 18,
            escaped(&escape::clean(&node.address))
        ));
    }
    out + "</svg>\n"
}

/// How many steps each node is away from one that needs nothing, at most.
fn columns(picture: &Picture) -> Vec<usize> {
    let mut columns = vec![0; picture.nodes.len()];
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); picture.nodes.len()];
    let mut waits: Vec<usize> = picture.nodes.iter().map(|node| node.needs.len()).collect();
    picture.edges().for_each(|(from, to)| users[to].push(from));
    let mut ready: Vec<usize> = (0..waits.len()).filter(|at| waits[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        for user in &users[at] {
            columns[*user] = columns[*user].max(columns[at] + 1);
            waits[*user] -= 1;
            if waits[*user] == 0 {
                ready.push(*user);
            }
        }
    }
    columns
}

pub fn json(picture: &Picture) -> Json {
    let mode = |mode: Mode| match mode {
        Mode::Managed => "managed",
        Mode::Data => "data",
        Mode::Action => "action",
    };
    let node = |node: &Node| {
        let needs: Vec<&str> = node.needs.iter().map(|at| picture.nodes[*at].address.as_str()).collect();
        json!({ "address": node.address, "mode": mode(node.mode), "needs": needs })
    };
    json!({ "format": "cnx-graph", "version": 1, "nodes": picture.nodes.iter().map(node).collect::<Vec<_>>() })
}

//! `cnx graph`: what depends on what, as the program says it. Asks nobody.

use super::args::{Graph, GraphFormat};
use super::choices::Choices;
use super::exit::{Exit, Failure};
use super::session;
use super::shell::Shell;
use crate::report::graph::{dot, json, mermaid, picture, svg};

pub fn run(shell: &mut Shell, arguments: &Graph) -> Result<Exit, Failure> {
    let choices = Choices::new(shell.global.environment.clone(), &Default::default());
    let prepared = session::prepare(shell, choices, None)?;
    let picture = picture(&prepared.desired.graph);
    if shell.global.json {
        shell.print_json(&json(&picture));
        return Ok(Exit::Done);
    }
    let text = match arguments.format {
        GraphFormat::Dot => dot(&picture),
        GraphFormat::Mermaid => mermaid(&picture),
        GraphFormat::Svg => svg(&picture),
    };
    shell.print(&text);
    Ok(Exit::Done)
}

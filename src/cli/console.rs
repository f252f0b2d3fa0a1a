//! `cnx console`: expressions against parameters, state and what is there now. Changes nothing.

use super::args::Console as Arguments;
use super::choices::Choices;
use super::console_history::History;
use super::exit::{Exit, Failure};
use super::session::{self, Prepared, block_on};
use super::shell::Shell;
use super::target::Access;
use super::{codes, memory, names, planning, project};
use crate::apply::Holdings;
use crate::desired::discreet;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Type;
use crate::model::secrets::REDACTED;
use crate::program::expr::Expr;
use crate::program::{Folder, Program, SecretPlaces, check_folders, mark_elsewhere, member_names, member_type};
use crate::provider::cloudnexus;
use crate::report::{resources, value_json};
use crate::state::MemoryStore;
use crate::syntax::{goes_on, parse_expression};
use crate::world::{Editor, Typed};
use std::sync::Arc;

const HELP: &str = "Type an expression: `server.web[1].ipv4`, `length(server.web)`. An open bracket, or an operator at the end, goes on in the next line.\n\
    :type EXPR  the type of an expression    :help  this text    :quit  the end (so are `exit` and Ctrl-D)\n";

pub fn run(shell: &mut Shell, arguments: &Arguments) -> Result<Exit, Failure> {
    let (folders, _) = project::folders(shell)?;
    let choices = Choices::new(shell.global.environment.clone(), &Default::default());
    let prepared = session::prepare(shell, choices, None)?;
    let known = known(shell, &prepared)?;
    let mut console = Console { folders, prepared, known, failed: false };
    if shell.can_ask() {
        let history = if arguments.no_history { History::none() } else { History::open(shell) };
        console.with_a_person(shell, history)?;
        return Ok(Exit::Done);
    }
    console.answer_a_pipe(shell)?;
    Ok(if console.failed { Exit::Error } else { Exit::Done })
}

/// What instances hold: as read now, else as remembered.
fn known(shell: &mut Shell, prepared: &Prepared) -> Result<Holdings, Failure> {
    let snapshot = memory::read(shell, &prepared.desired.settings)?;
    let reached = session::reach(shell, prepared, &snapshot, Access::Look)?;
    let read = block_on(async {
        let pin = reached.pin().await?;
        session::same_cloud(&snapshot, &pin, &prepared.choices)?;
        let store = Arc::new(MemoryStore::default());
        let context = session::context(shell, prepared, &reached, store, pin, false);
        planning::plan(prepared, &context, snapshot.clone(), reached.speed).await
    });
    Ok(match read {
        Ok(planned) => Holdings::seen(&prepared.desired, &planned.snapshot, &planned.live, cloudnexus()),
        Err(failure) => {
            shell.complain(&failure.diagnostics);
            shell.say("What is there could not be read: values are as the state remembers them.");
            Holdings::seen(&prepared.desired, &snapshot, &Default::default(), cloudnexus())
        }
    })
}

struct Console {
    folders: Vec<Folder>,
    prepared: Prepared,
    known: Holdings,
    failed: bool,
}

/// An expression as checked, beside the program.
struct Asked {
    expr: Expr,
    /// Its parts in which a secret takes part.
    secret_places: SecretPlaces,
}

impl Console {
    fn with_a_person(&mut self, shell: &mut Shell, mut history: History) -> Result<(), Failure> {
        let (program, _) = check_folders(&self.folders, cloudnexus());
        let complete = names::completion(&program);
        let mut editor = Editor::new(complete, is_open).map_err(|error| unreadable(&error))?;
        history.texts().for_each(|text| editor.remember(text));
        shell.say("`:help` tells more, `:quit` ends.");
        loop {
            match editor.read("> ").map_err(|error| unreadable(&error))? {
                Typed::Line(text) if self.is_end(shell, &text) => return Ok(()),
                Typed::Line(text) => {
                    if history.add(shell, &text) {
                        editor.remember(&text);
                    }
                    self.answer(shell, &text);
                }
                Typed::Dropped => {}
                Typed::End => return Ok(()),
            }
        }
    }

    fn answer_a_pipe(&mut self, shell: &mut Shell) -> Result<(), Failure> {
        let mut text = String::new();
        while let Some(line) = shell.world.terminal.ask("").map_err(|error| unreadable(&error))? {
            text.push_str(&line);
            if is_open(&text) {
                text.push('\n');
                continue;
            }
            let whole = std::mem::take(&mut text);
            if self.is_end(shell, &whole) {
                return Ok(());
            }
            self.answer(shell, &whole);
        }
        if !text.trim().is_empty() {
            self.answer(shell, &text);
        }
        Ok(())
    }

    /// `:quit`, and what people type in other consoles where it is no name of the program.
    fn is_end(&self, shell: &mut Shell, text: &str) -> bool {
        match text.trim() {
            ":quit" | ":exit" | ":q" => true,
            "exit" | "quit" => self.asked(shell, text.trim()).is_err(),
            _ => false,
        }
    }

    fn answer(&mut self, shell: &mut Shell, text: &str) {
        let text = text.trim();
        let told = match text.strip_prefix(':') {
            None if text.is_empty() || text.starts_with('#') => return,
            None => self.value(shell, text),
            Some("help") => Ok(HELP.to_owned()),
            Some(rest) => match rest.strip_prefix("type ") {
                Some(expr) => self.asked(shell, expr).map(|asked| format!("{}\n", type_shown(&asked.expr.ty))),
                None => Err(Diagnostics(vec![
                    Diagnostic::new(&codes::BAD_ARGUMENT, format!("there is no `{text}`"))
                        .help("there are `:type EXPR`, `:help` and `:quit`"),
                ])),
            },
        };
        match told {
            Ok(text) => shell.print(&text),
            Err(complaints) => {
                self.failed = true;
                shell.complain(&complaints);
            }
        }
    }

    /// The text as an expression of the program.
    fn asked(&self, shell: &mut Shell, text: &str) -> Result<Asked, Diagnostics> {
        let file = shell.sources.add("(console)", text);
        let written = parse_expression(file, text).map_err(|wrong| Diagnostics(vec![wrong]))?;
        let mut folders = self.folders.clone();
        if let Some(root) = folders.first_mut() {
            root.asked = Some(written);
        }
        let (mut program, found) = check_folders(&folders, cloudnexus());
        let own = |one: &Diagnostic| one.primary.as_ref().is_some_and(|label| label.span.file == file);
        let complaints: Vec<Diagnostic> = found.0.into_iter().filter(|one| one.is_error() && own(one)).collect();
        if !self.prepared.desired.secrets_elsewhere.is_empty() {
            mark_elsewhere(&mut program, &self.prepared.desired.secrets_elsewhere);
        }
        let Program { asked, secret_places, .. } = program;
        match asked {
            Some(expr) if complaints.is_empty() => Ok(Asked { expr, secret_places }),
            Some(_) | None => Err(Diagnostics(complaints)),
        }
    }

    fn value(&self, shell: &mut Shell, text: &str) -> Result<String, Diagnostics> {
        let Asked { expr, secret_places } = self.asked(shell, text)?;
        let secret = secret_places.0.contains(&expr.span);
        let Some(resolver) = &self.prepared.desired.resolver.0 else { return Ok(String::new()) };
        let examined = resolver.examine(&expr, &[], &self.known);
        let Some(value) = examined.value else {
            let complaints = examined.diagnostics.0.into_iter();
            return Err(Diagnostics(complaints.map(|one| discreet(one, &secret_places)).collect()));
        };
        Ok(match (shell.global.json, secret) {
            (true, true) => value_json::line(&serde_json::json!({ "$secret": true })),
            (true, false) => value_json::line(&value_json::value(&value)),
            (false, true) => format!("{REDACTED}\n"),
            (false, false) => resources::one_output(&value, &shell.out_look),
        })
    }
}

/// A type as it is written; of a catalog, and of whatever else is only read, what it holds.
fn type_shown(ty: &Type) -> String {
    let Type::Instance(kind) = ty.required() else { return ty.to_string() };
    let catalog = cloudnexus();
    if !catalog.sources.contains_key(kind) {
        return ty.to_string();
    }
    let members = member_names(catalog, kind).into_iter();
    let members = members.filter_map(|name| Some(format!("{name}: {}", member_type(catalog, kind, &name)?)));
    format!("{ty} {{ {} }}", members.collect::<Vec<_>>().join(", "))
}

fn unreadable(error: &std::io::Error) -> Failure {
    Diagnostic::new(&codes::UNREADABLE, error.to_string()).help("type lines, or give them through a pipe").into()
}

/// Whether the text goes on in the next line; of what begins with a colon only an expression does.
fn is_open(text: &str) -> bool {
    let text = text.trim_start();
    let expr = if text.starts_with(':') { text.strip_prefix(":type ") } else { Some(text) };
    expr.is_some_and(goes_on)
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn a_text_goes_on_while_something_is_open() {
        let open =
            ["1 +", ":type a ? ", "[1,", "f(", "{ a = [1] ", "\"\"\"\nline", "1 + # and", "a.", "[ # x ]", "a &&", "!"];
        let whole = [
            "# why?",
            ":help",
            "1",
            "[1]",
            "\"(\"",
            "\"\\\"(\"",
            ")",
            "\"\"\"\na\n\"\"\"",
            "f(x) # how many?",
            "\"a +",
            "\"+\"",
            ":x +",
        ];
        assert!(open.iter().all(|text| is_open(text)));
        assert!(!whole.iter().any(|text| is_open(text)));
    }
}

//! What an earlier run left open is brought to its end; where only a person can tell, the candidates are shown side by side
//! and the answer is taken from a flag, or asked for.

use super::answers::{self, Answers};
use super::codes;
use super::driving::{self, Signals};
use super::exit::{Exit, Failure};
use super::progress::Teller;
use super::shell::Shell;
use crate::apply::{Context, Question, Recovered, questions};
use crate::diag::{Diagnostic, Diagnostics};
use crate::report::question;
use crate::state::Snapshot;

/// Ends what is open, as far as that is safe. The lock is held.
pub async fn settle(
    shell: &mut Shell,
    context: &Context,
    given: Answers,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    let snapshot = load(context)?;
    let given = answers::fitting(given, &snapshot)?;
    if snapshot.open.is_empty() {
        return Ok(Exit::Done);
    }
    shell.say(&format!("Settling what an earlier run left open ({}).", snapshot.open.len()));
    let mut recovered = run(shell, context, given, snapshot, signals).await;
    let exit = ask(shell, context, &mut recovered, signals).await?;
    match recovered.summary.broken {
        // That was told; nothing else can be begun.
        Some(_) => Err(Failure { exit, diagnostics: Diagnostics::default() }),
        None => Ok(exit),
    }
}

/// Shows what only a person can tell, and asks where somebody is there to answer. `recovered` is told what that came to, also
/// where it was interrupted. The lock is held.
pub async fn ask(
    shell: &mut Shell,
    context: &Context,
    recovered: &mut Recovered,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    loop {
        let asked = if recovered.summary.interrupted || recovered.summary.broken.is_some() {
            Vec::new()
        } else {
            signals.unless_stopped(async { Ok(questions(context, &recovered.snapshot).await) }).await?
        };
        show(shell, &asked);
        if asked.is_empty() || !shell.can_ask() {
            break;
        }
        let told = signals.unless_stopped(async { Ok(answers::ask(shell, &asked).await) }).await?;
        if told.is_empty() {
            break;
        }
        let now = run(shell, context, told, load(context)?, signals).await;
        *recovered = now.after(std::mem::take(recovered));
    }
    shell.complain(&recovered.still_open());
    if let Some(reason) = &recovered.summary.broken {
        let message = format!("the state can't be written: {reason}");
        let help = "nothing is lost; see to that, then run again: what is open is taken up then";
        shell.complain(&Diagnostics(vec![Diagnostic::new(&codes::UNWRITABLE, message).help(help)]));
    }
    Ok(Exit::of_recovery(recovered))
}

async fn run(
    shell: &Shell,
    context: &Context,
    answers: Answers,
    snapshot: Snapshot,
    signals: &mut Signals,
) -> Recovered {
    let mut context = context.clone();
    context.options.answers = answers;
    let teller = Teller::new(shell, 0);
    driving::recover(&context, snapshot, &teller, signals).await
}

/// Each question with its candidates: as a page, or as a line for machines.
fn show(shell: &mut Shell, asked: &[Question]) {
    for one in asked {
        if shell.global.json {
            shell.print_json(&question::json(one));
        } else {
            shell.err.line("");
            let text = question::text(one, &shell.err_look);
            shell.err.write(&text);
        }
    }
}

fn load(context: &Context) -> Result<Snapshot, Failure> {
    context.store.load().map_err(|error| Failure::from(error.diagnostic()))
}

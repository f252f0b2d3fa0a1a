//! Yes or no, from a person or from an argument; never asked where nobody can answer.

use super::args::Consent;
use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use crate::diag::Diagnostic;
use std::sync::Arc;

/// The fingerprint that was agreed to, or why there is no agreement. `fingerprint` is what is planned now.
pub async fn obtain(
    shell: &mut Shell,
    consent: &Consent,
    fingerprint: &str,
    question: &str,
) -> Result<String, Failure> {
    if let Some(approved) = &consent.approve {
        return Ok(approved.clone());
    }
    if consent.yes {
        return Ok(fingerprint.to_owned());
    }
    let help = format!("pass --yes, or --approve {fingerprint} for exactly this plan");
    ask(shell, question, &help).await?;
    Ok(fingerprint.to_owned())
}

/// Asks until there is a yes or a no.
pub async fn ask(shell: &mut Shell, question: &str, help: &str) -> Result<(), Failure> {
    if !shell.can_ask() {
        let why = "this needs a yes, and there is no terminal to ask";
        return Err(Failure::refused(Diagnostic::new(&codes::NEEDS_CONSENT, why).help(help)));
    }
    loop {
        let (terminal, question) = (Arc::clone(&shell.world.terminal), format!("\n{question} yes/no: "));
        // On a thread of its own, so that Ctrl-C is heard while somebody thinks.
        let answered = tokio::task::spawn_blocking(move || terminal.ask(&question)).await;
        let answer = answered
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| Failure::refused(Diagnostic::new(&codes::NEEDS_CONSENT, error.to_string()).help(help)))?;
        if answer.is_none() {
            // The question's line was not ended by whoever left it.
            shell.err.line("");
        }
        match answer.as_deref().map(str::trim) {
            Some("yes" | "y") => return Ok(()),
            Some("no" | "n") | None => {
                return Err(Failure::refused(
                    Diagnostic::new(&codes::DECLINED, "nothing was changed").help("run again when it should be"),
                ));
            }
            Some(_) => {}
        }
    }
}

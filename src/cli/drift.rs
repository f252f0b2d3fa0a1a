//! `cnx drift`: live against what was last applied. Writes nothing to the API, takes no lock, changes no state.

use super::args::Drift;
use super::baseline::{self, Baseline};
use super::choices::Choices;
use super::codes;
use super::exit::{Exit, Failure};
use super::memory;
use super::planning;
use super::session::{self, Prepared, block_on};
use super::shell::Shell;
use super::target::Access;
use crate::desired::Desired;
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{AddressPattern, Timestamp};
use crate::plan::{Finding, observe};
use crate::report::drift::{Page, Verdict, json, text};
use crate::state::MemoryStore;
use std::sync::Arc;

pub fn run(shell: &mut Shell, arguments: &Drift) -> Result<Exit, Failure> {
    let now = shell.world.clock.now();
    let until = arguments.until.as_deref().map(|text| baseline::until(text, now)).transpose()?;
    let choices = Choices { environment: shell.global.environment.clone(), ..Choices::default() };
    let prepared = session::prepare(shell, choices, None)?;
    let environment = prepared.environment().to_owned();
    let snapshot = memory::read(shell, &prepared.desired.settings)?;
    let mut baseline = baseline::read(shell, &prepared.desired.settings)?;
    // Only what the state knows is read: what is merely declared has not drifted.
    let known = Prepared {
        catalog: Arc::clone(&prepared.catalog),
        desired: Desired { settings: prepared.desired.settings.clone(), ..Desired::default() },
        choices: prepared.choices.clone(),
    };
    let reached = session::reach(shell, &known, &snapshot, Access::Look)?;
    let live = block_on(async {
        let pin = reached.pin().await?;
        session::same_cloud(&snapshot, &pin, &known.choices)?;
        let store = Arc::new(MemoryStore::default());
        let context = session::context(shell, &known, &reached, store, pin, false);
        planning::observe(&known, &context, &snapshot).await
    })?;
    let found = observe(&prepared.desired, &snapshot, &live, &prepared.catalog);
    if let Some(until) = until {
        accept(shell, &mut baseline, &found, &arguments.accept, until)?;
        baseline.write(shell, &prepared.desired.settings)?;
    }
    let findings: Vec<(Finding, Verdict)> = found
        .into_iter()
        .map(|finding| {
            let verdict = baseline.verdict(&finding, now);
            (finding, verdict)
        })
        .collect();
    let page = Page {
        project: &prepared.desired.settings.project,
        environment: &environment,
        target: &reached.shown,
        known: snapshot.records.len(),
        requests: live.requests,
        findings: &findings,
    };
    if shell.global.json {
        shell.print_json(&json(&page));
    } else {
        let text = text(&page, &shell.out_look);
        shell.print(&text);
    }
    Ok(if findings.iter().any(|(_, verdict)| verdict.counts()) { Exit::Changes } else { Exit::Done })
}

/// Accepts the drift at these addresses as it is now.
fn accept(
    shell: &mut Shell,
    baseline: &mut Baseline,
    found: &[Finding],
    addresses: &[String],
    until: Timestamp,
) -> Result<(), Failure> {
    let now = shell.world.clock.now();
    for address in addresses {
        let pattern = AddressPattern(address.clone());
        let is_drift = |finding: &&Finding| match baseline.verdict(finding, now) {
            Verdict::Drifted | Verdict::Accepted { .. } | Verdict::Expired { .. } => true,
            Verdict::Ignored | Verdict::Unknown => false,
        };
        let drifted: Vec<&Finding> =
            found.iter().filter(is_drift).filter(|finding| pattern.matches(&finding.address)).collect();
        if drifted.is_empty() {
            let known: Vec<String> = found.iter().map(|finding| finding.address.to_string()).collect();
            let help = did_you_mean(address, known.iter().map(String::as_str), "`cnx drift` shows what has drifted");
            let message = format!("nothing has drifted at `{address}`");
            return Err(Diagnostic::new(&codes::NOT_THERE, message).help(help).into());
        }
        for finding in drifted {
            baseline.accept(finding, until);
        }
        shell.say(&format!("Accepted as it is now: {address}"));
    }
    Ok(())
}

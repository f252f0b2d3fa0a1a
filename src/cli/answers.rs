//! `--answer ADDR=ID|none|forget`: what a person says became of creates that only a person can judge; the same, asked.

use super::codes;
use super::exit::Failure;
use super::shell::Shell;
use crate::apply::{Answer, Question, answerable};
use crate::diag::Diagnostic;
use crate::diag::suggest::did_you_mean;
use crate::model::{Address, RemoteId};
use crate::report::escape;
use crate::state::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// By address.
pub type Answers = BTreeMap<Address, Answer>;

/// All answers of the command line; the first that makes no sense is a complaint.
pub fn read(texts: &[String]) -> Result<Answers, Failure> {
    let mut answers = Answers::new();
    for text in texts {
        let (address, answer) = one(text).ok_or_else(|| unreadable(text))?;
        if answers.insert(address.clone(), answer).is_some() {
            let message = format!("`--answer` is given twice for {address}");
            return Err(Diagnostic::new(&codes::BAD_ARGUMENT, message).help("give it once").into());
        }
    }
    Ok(answers)
}

fn one(text: &str) -> Option<(Address, Answer)> {
    let (address, what) = text.rsplit_once('=')?;
    Some((Address::parse(address, |_| false)?, answer(what.trim())?))
}

fn answer(word: &str) -> Option<Answer> {
    match word {
        "" => None,
        "none" => Some(Answer::Retry),
        "forget" => Some(Answer::Forget),
        id => Some(Answer::Adopt(RemoteId::new(id))),
    }
}

fn unreadable(text: &str) -> Failure {
    Diagnostic::new(&codes::BAD_ARGUMENT, format!("`--answer {text}` is no answer"))
        .help("write `--answer 'server.web=srv_1a2b'` (it made that one), or `--answer 'server.web=none'` (it made nothing)")
        .into()
}

/// Takes out what was answered before, and refuses answers to what is not asked. An address whose replacement is asked about
/// is under management as what it was: that is no answer from before.
pub fn fitting(mut answers: Answers, snapshot: &Snapshot) -> Result<Answers, Failure> {
    let open: Vec<String> = answerable(snapshot).map(|open| open.intent.address.to_string()).collect();
    let settled = |address: &Address, answer: &Answer| {
        let id = snapshot.records.get(address).map(|record| &record.id);
        !open.contains(&address.to_string()) && matches!((answer, id), (Answer::Adopt(said), Some(id)) if said == id)
    };
    answers.retain(|address, answer| !settled(address, answer));
    let Some(stray) = answers.keys().map(ToString::to_string).find(|address| !open.contains(address)) else {
        return Ok(answers);
    };
    let otherwise = match open.as_slice() {
        [] => "no create is open; leave --answer out".to_owned(),
        several => format!("open are: {}", several.join(", ")),
    };
    let help = did_you_mean(&stray, open.iter().map(String::as_str), &otherwise);
    Err(Diagnostic::new(&codes::NO_QUESTION, format!("nothing is asked about {stray}")).help(help).into())
}

/// Asks a person, one question after the other. What is left for later has no answer.
pub async fn ask(shell: &mut Shell, questions: &[Question]) -> Answers {
    let mut answers = Answers::new();
    for question in questions {
        if let Some(answer) = ask_one(shell, question).await {
            answers.insert(question.address.clone(), answer);
        }
    }
    answers
}

async fn ask_one(shell: &mut Shell, question: &Question) -> Option<Answer> {
    let ids: Vec<&str> = question.candidates.iter().map(|one| one.id.as_str()).collect();
    let offered = match ids.as_slice() {
        [] => "its id, none or later".to_owned(),
        [id] => format!("{}, none or later", escape::clean(id)),
        several => format!("1 to {}, an id, none or later", several.len()),
    };
    let address = question.address.to_string();
    let prompt = format!("\nWhat did the create of {} make? ({offered}): ", escape::clean(&address));
    loop {
        let (terminal, prompt) = (Arc::clone(&shell.world.terminal), prompt.clone());
        // On a thread of its own, so that Ctrl-C is heard while somebody thinks.
        let said = tokio::task::spawn_blocking(move || terminal.ask(&prompt)).await.ok()?.ok()?;
        let Some(said) = said else {
            shell.err.line("");
            return None;
        };
        match said.trim() {
            "" => {}
            "later" => return None,
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                match at.and_then(|at| ids.get(at)) {
                    Some(id) => return Some(Answer::Adopt(RemoteId::new(id))),
                    None => shell.err.line(&format!("There is no {number}: {offered}.")),
                }
            }
            "yes" | "y" if ids.len() == 1 => return Some(Answer::Adopt(RemoteId::new(ids[0]))),
            "no" | "n" if ids.len() == 1 => return Some(Answer::Retry),
            word => return answer(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_strictly() {
        let adopt = |id: &str| Some(Answer::Adopt(RemoteId::new(id)));
        let cases = [
            ("server.web=none", Some(Answer::Retry)),
            ("server.web[1]=forget", Some(Answer::Forget)),
            ("server.web=srv_1", adopt("srv_1")),
            ("server.jump[\"a=b\"]=srv_1", adopt("srv_1")),
            ("server.jump.a=srv_1", adopt("srv_1")),
            ("server.web", None),
            ("server.web=", None),
            ("=none", None),
            ("web=none", None),
        ];
        for (text, expected) in cases {
            assert_eq!(one(text).map(|(_, answer)| answer), expected, "{text}");
        }
        assert!(read(&["server.web=none".to_owned(), "server.web=srv_1".to_owned()]).is_err());
    }
}

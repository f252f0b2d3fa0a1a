//! Regular expressions over texts: what they find, and how much work that was. Searching is done by an automaton that takes one step
//! a byte; where it would grow too large, by one whose steps are as many as the pattern is large, in texts short enough for that.

use super::arguments::{fits_elements, fits_limit, fits_together, made, text};
use super::table::Searched;
use crate::model::{Key, Value};
use regex_automata::hybrid::{LazyStateID, dfa, regex as lazy};
use regex_automata::util::captures::Captures;
use regex_automata::util::iter::Searcher;
use regex_automata::{Anchored, Input, Match, MatchError, meta};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that all searches of one call may look at: some 2 ns each.
const MOST_BYTES: u64 = 1 << 27;
/// Steps of a fuel's unit: what a call looked at costs as much.
pub const BYTES_A_STEP: u64 = 64;
/// The automaton that takes a step for each part of the pattern and each byte: the pattern's size times the bytes.
const MOST_WORK: u64 = 1 << 31;
/// A pattern, compiled.
const LARGEST: usize = 1 << 20;

/// A pattern that was compiled.
#[derive(Clone)]
struct Pattern {
    whole: meta::Regex,
    lazy: Option<Arc<lazy::Regex>>,
    /// In bytes.
    size: u64,
}

fn compiled(pattern: &str) -> Result<Pattern, String> {
    static KNOWN: Mutex<BTreeMap<String, Pattern>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(one) = known.get(pattern) {
        return Ok(one.clone());
    }
    let limit = meta::Config::new().nfa_size_limit(Some(LARGEST));
    let whole = meta::Builder::new().configure(limit).build(pattern).map_err(|why| {
        let why = why.syntax_error().map_or_else(|| "it is too large".to_owned(), ToString::to_string);
        format!("no pattern: {}", why.lines().last().unwrap_or_default().trim().trim_start_matches("error: "))
    })?;
    // Where its states are thrown away again and again, it gives up.
    let config = dfa::Config::new()
        .unicode_word_boundary(true)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(3))
        .minimum_bytes_per_state(Some(10));
    let lazy = lazy::Regex::builder().dfa(config).build(pattern).ok();
    let size = lazy.as_ref().map_or(LARGEST, |lazy| lazy.forward().get_nfa().memory_usage()) as u64;
    let one = Pattern { whole, lazy: lazy.map(Arc::new), size };
    if known.len() >= 256 {
        known.clear();
    }
    known.insert(pattern.to_owned(), one.clone());
    Ok(one)
}

/// One call's searches in one text.
struct Search<'t> {
    pattern: Pattern,
    text: &'t str,
    cache: Option<lazy::Cache>,
    /// Bytes looked at, and what they cost more where the pattern's size counts.
    spent: u64,
    most: u64,
}

impl<'t> Search<'t> {
    fn new(pattern: &str, text: &'t str, most: u64) -> Result<Search<'t>, String> {
        let pattern = compiled(pattern)?;
        let cache = pattern.lazy.as_ref().map(|lazy| lazy.create_cache());
        Ok(Search { pattern, text, cache, spent: 0, most: most.min(MOST_BYTES) })
    }

    fn spend(&mut self, bytes: u64) -> Result<(), String> {
        self.spent = self.spent.saturating_add(bytes);
        let message = "the pattern looks at so long a text too often";
        if self.spent > self.most { Err(message.to_owned()) } else { Ok(()) }
    }

    /// The first match from there on.
    fn next(&mut self, input: &Input<'_>) -> Result<Option<Match>, String> {
        if input.is_done() {
            return Ok(None);
        }
        if let (Some(lazy), Some(mut cache)) = (self.pattern.lazy.clone(), self.cache.take()) {
            let (found, looked) = step_by_step(&lazy, &mut cache, input);
            self.spend(looked)?;
            if let Ok(found) = found {
                self.cache = Some(cache);
                return Ok(found);
            }
        }
        let rest = (input.end() - input.start()) as u64;
        let work = self.pattern.size.saturating_mul(rest) / (MOST_WORK / MOST_BYTES);
        // What is not begun costs nothing.
        if work.saturating_add(self.spent) > self.most {
            return Err("the pattern is too complicated for so long a text".to_owned());
        }
        self.spend(work.max(rest))?;
        Ok(self.pattern.whole.search(input))
    }

    /// Every match, none of which overlaps another one.
    fn each(&mut self, mut found: impl FnMut(Match) -> Result<(), String>) -> Result<(), String> {
        let mut searcher = Searcher::new(Input::new(self.text));
        let mut failed = None;
        loop {
            let next = searcher.try_advance(|input| match self.next(input) {
                Ok(found) => Ok(found),
                Err(why) => {
                    failed = Some(why);
                    Ok(None)
                }
            });
            if let Some(why) = failed {
                return Err(why);
            }
            let Ok(Some(one)) = next else { return Ok(()) };
            found(one)?;
        }
    }

    /// The groups of a match, which are sought in it alone.
    fn groups(&mut self, found: Match) -> Result<Captures, String> {
        let work = self.pattern.size.saturating_mul(found.len() as u64);
        self.spend(work / (MOST_WORK / MOST_BYTES))?;
        let mut groups = self.pattern.whole.create_captures();
        let input = Input::new(self.text).span(found.span()).anchored(Anchored::Yes);
        self.pattern.whole.search_captures(&input, &mut groups);
        Ok(groups)
    }
}

/// The leftmost match, and how many bytes were looked at; an error where the automaton gave up.
fn step_by_step(
    lazy: &lazy::Regex,
    cache: &mut lazy::Cache,
    input: &Input<'_>,
) -> (Result<Option<Match>, MatchError>, u64) {
    let rest = (input.end() - input.start()) as u64;
    if lazy.forward().get_nfa().has_empty() {
        return (lazy.try_search(cache, input), 1 + rest);
    }
    let (forward, backward) = cache.as_parts_mut();
    let (end, looked) = match end_of_match(lazy.forward(), forward, input) {
        Ok((Some(end), looked)) => (end, looked),
        Ok((None, looked)) => return (Ok(None), looked),
        Err(why) => return (Err(why), 1 + rest),
    };
    let back = input.clone().range(input.start()..end).anchored(Anchored::Yes);
    let start = lazy.reverse().try_search_rev(backward, &back);
    let found = start.map(|start| start.map(|start| Match::new(start.pattern(), start.offset()..end)));
    (found, looked)
}

/// Where the leftmost match ends, and how many bytes were looked at for that.
fn end_of_match(dfa: &dfa::DFA, cache: &mut dfa::Cache, input: &Input<'_>) -> Result<(Option<usize>, u64), MatchError> {
    let mut state = dfa.start_state_forward(cache, input)?;
    let (mut end, mut at) = (None, input.start());
    let looked = |at: usize| (at - input.start()) as u64 + 1;
    let gave_up = |at: usize| MatchError::gave_up(at);
    // What a state says of a match is one byte late.
    let ends = |state: LazyStateID, at: usize, end: &mut Option<usize>| {
        if state.is_match() {
            *end = Some(at);
        }
    };
    while at < input.end() {
        let byte = input.haystack()[at];
        state = dfa.next_state(cache, state, byte).map_err(|_| gave_up(at))?;
        if state.is_tagged() {
            ends(state, at, &mut end);
            if state.is_dead() || (end.is_some() && input.get_earliest()) {
                return Ok((end, looked(at)));
            }
            if state.is_quit() {
                return Err(MatchError::quit(byte, at));
            }
        }
        at += 1;
    }
    state = match input.haystack().get(at) {
        Some(byte) => dfa.next_state(cache, state, *byte),
        None => dfa.next_eoi_state(cache, state),
    }
    .map_err(|_| gave_up(at))?;
    ends(state, at, &mut end);
    Ok((end, looked(at)))
}

fn searched<'t>(
    pattern: &Value,
    whole: &'t Value,
    most: u64,
    work: impl FnOnce(&mut Search<'t>) -> Result<Value, String>,
) -> Searched {
    match text(whole).and_then(|whole| Search::new(text(pattern)?, whole, most)) {
        Err(why) => (0, Err(why)),
        Ok(mut search) => {
            let result = work(&mut search);
            (search.spent, result)
        }
    }
}

pub fn matches(a: &[Value], most: u64) -> Searched {
    searched(&a[0], &a[1], most, |search| {
        let found = search.next(&Input::new(search.text).earliest(true))?;
        Ok(Value::Bool(found.is_some()))
    })
}

pub fn regex_all(a: &[Value], most: u64) -> Searched {
    searched(&a[0], &a[1], most, |search| {
        let (whole, mut all) = (search.text, Vec::new());
        search.each(|found| {
            all.push(Value::string(&whole[found.range()]));
            fits_elements(all.len())
        })?;
        Ok(Value::list(all))
    })
}

pub fn regex_groups(a: &[Value], most: u64) -> Searched {
    searched(&a[0], &a[1], most, |search| {
        let whole = search.text;
        let found = search.next(&Input::new(whole))?.ok_or("the pattern does not match")?;
        let groups = search.groups(found)?;
        let names = search.pattern.whole.group_info().pattern_names(found.pattern());
        let groups = names.enumerate().filter_map(|(at, name)| {
            let key = name.map_or_else(|| at.to_string(), str::to_owned);
            groups.get_group(at).map(|group| (Key::text(&key), Value::string(&whole[group.range()])))
        });
        Ok(Value::map(groups.collect()))
    })
}

pub fn replace_regex(a: &[Value], most: u64) -> Searched {
    searched(&a[1], &a[0], most, |search| {
        let (whole, to) = (search.text, text(&a[2])?);
        let uses = to.matches('$').count();
        let mut matches = Vec::new();
        search.each(|found| {
            matches.push(found);
            Ok(())
        })?;
        let (mut out, mut last) = (String::new(), 0);
        for found in matches {
            // No group is longer than the match.
            fits_together(to.len().saturating_add(uses.saturating_mul(found.len())))?;
            out.push_str(&whole[last..found.start()]);
            if uses == 0 {
                out.push_str(to);
            } else {
                search.groups(found)?.interpolate_string_into(whole, to, &mut out);
            }
            fits_limit(out.len())?;
            last = found.end();
        }
        out.push_str(&whole[last..]);
        made(out)
    })
}

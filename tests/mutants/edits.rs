//! The small change itself: words misspelt as fingers do it, texts cut and put in.

use super::checked::{Base, Source};
use super::regions::Edit;
use super::sites::Place;
use crate::generate::Dice;

/// One file of a program, where a mistake is to be made.
pub struct Spot<'a> {
    pub base: &'a Base,
    pub at: usize,
}

impl Spot<'_> {
    pub fn source(&self) -> &Source {
        &self.base.sources[self.at]
    }

    pub fn text(&self, place: &Place) -> &str {
        &self.source().text[place.clone()]
    }

    /// Another text in this place.
    pub fn put(&self, place: &Place, text: impl Into<String>) -> Option<Edit> {
        let text = text.into();
        let differs = self.text(place) != text;
        differs.then(|| Edit { source: self.at, place: place.clone(), text, also: Vec::new() })
    }

    /// The same word with a slip.
    pub fn misspelt(&self, place: &Place, dice: &mut Dice) -> Option<Edit> {
        let wrong = misspelt(self.text(place), dice)?;
        self.put(place, wrong)
    }

    /// The place with its line, where nothing else stands there.
    pub fn with_line(&self, place: &Place) -> Place {
        let text = &self.source().text;
        let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[place.end..].find('\n').map_or(text.len(), |at| place.end + at + 1);
        let blank = |part: &str| part.trim().is_empty() || part.trim() == ",";
        let alone = blank(&text[start..place.start]) && blank(&text[place.end..end]);
        if alone { start..end } else { place.clone() }
    }
}

pub fn also(edit: Option<Edit>, places: impl IntoIterator<Item = Place>) -> Option<Edit> {
    edit.map(|edit| Edit { also: edit.also.into_iter().chain(places).collect(), ..edit })
}

/// A letter left out, twice, wrong, or two in the wrong order. Never the first: names keep their form.
fn misspelt(word: &str, dice: &mut Dice) -> Option<String> {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 3 || !letters.iter().all(|c| c.is_ascii_alphanumeric() || *c == '_') {
        return None;
    }
    let at = 1 + dice.below(letters.len() - 2);
    match dice.below(4) {
        0 => _ = letters.remove(at),
        1 => letters.insert(at, letters[at]),
        2 => letters.swap(at, at + 1),
        _ => letters[at] = if letters[at] == 'x' { 'y' } else { 'x' },
    }
    let made: String = letters.into_iter().collect();
    (made != word).then_some(made)
}

//! A copy of the text in which broken places, comments and odd blanks are replaced by as many bytes, so that every place in it is the
//! place in the original.

pub(super) struct Patches {
    /// Whether there is to be a copy at all.
    wanted: bool,
    /// The copy, once something had to be replaced.
    copy: Option<Vec<u8>>,
    /// Closing brackets that are missing at the end.
    tail: Vec<u8>,
}

impl Patches {
    pub fn new(wanted: bool) -> Patches {
        Patches { wanted, copy: None, tail: Vec::new() }
    }

    /// Writes `with` at `start`, blanks up to `end`.
    pub fn fill(&mut self, text: &str, start: usize, end: usize, with: &str) {
        if !self.wanted {
            return;
        }
        let copy = self.copy.get_or_insert_with(|| text.as_bytes().to_vec());
        let length = with.len().min(end - start);
        copy[start..start + length].copy_from_slice(&with.as_bytes()[..length]);
        copy[start + length..end].fill(b' ');
    }

    pub fn append(&mut self, closing: &str) {
        self.tail.extend_from_slice(closing.as_bytes());
    }

    /// The patched copy; `None` where nothing was replaced.
    pub fn apply(self, text: &str) -> Option<String> {
        if self.copy.is_none() && self.tail.is_empty() {
            return None;
        }
        let mut bytes = self.copy.unwrap_or_else(|| text.as_bytes().to_vec());
        bytes.extend_from_slice(&self.tail);
        // Whole characters were replaced; a cut one would only spoil the copy that is parsed after an error.
        Some(String::from_utf8(bytes).unwrap_or_default())
    }
}

//! Replacements of equal length, so that every place in the patched text is the place in the original.

#[derive(Default)]
pub(super) struct Patches {
    /// Start, and what stands there instead.
    edits: Vec<(usize, Vec<u8>)>,
    /// Closing brackets that are missing at the end.
    tail: Vec<u8>,
}

impl Patches {
    /// Writes `with` at `start`, blanks up to `end`.
    pub fn fill(&mut self, start: usize, end: usize, with: &str) {
        let mut bytes = vec![b' '; end - start];
        let length = with.len().min(bytes.len());
        bytes[..length].copy_from_slice(&with.as_bytes()[..length]);
        self.edits.push((start, bytes));
    }

    pub fn blank(&mut self, start: usize, end: usize) {
        self.fill(start, end, "");
    }

    pub fn append(&mut self, closing: &str) {
        self.tail.extend_from_slice(closing.as_bytes());
    }

    /// The patched copy; `None` where nothing was replaced. Later edits win.
    pub fn apply(&self, text: &str) -> Option<String> {
        if self.edits.is_empty() && self.tail.is_empty() {
            return None;
        }
        let mut bytes = text.as_bytes().to_vec();
        for (start, edit) in &self.edits {
            bytes[*start..*start + edit.len()].copy_from_slice(edit);
        }
        bytes.extend_from_slice(&self.tail);
        // Edits cover whole characters; a cut one would only spoil the copy that is parsed after an error.
        Some(String::from_utf8(bytes).unwrap_or_default())
    }
}

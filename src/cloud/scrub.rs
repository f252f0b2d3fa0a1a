//! An answer that repeats the key it was asked with: the key is taken out before anything else sees the answer, in every
//! form in which a server may write it.

use crate::model::http::Response;
use crate::world::{ApiKey, TransportError};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

const INSTEAD: &str = "(key redacted)";

/// Shorter ones would take ordinary words out.
const SHORTEST: usize = 8;

/// A key in every form: as it is, within JSON, in a URL, in base64. Kept as carefully as the key.
#[derive(Debug)]
pub(super) struct Forms(Vec<ApiKey>);

impl Forms {
    pub(super) fn of(key: &ApiKey) -> Forms {
        let key = key.expose();
        if key.len() < SHORTEST {
            return Forms(Vec::new());
        }
        let json = serde_json::Value::from(key).to_string();
        let percent = key.bytes().fold(String::with_capacity(key.len()), escaped);
        let mut forms = vec![
            key.to_owned(),
            json.trim_matches('"').to_owned(),
            percent,
            STANDARD_NO_PAD.encode(key),
            URL_SAFE_NO_PAD.encode(key),
        ];
        forms.dedup();
        Forms(forms.iter().map(|form| ApiKey::new(form)).collect())
    }

    /// Takes the key out of headers and body.
    pub(super) fn response(&self, response: &mut Response) {
        for form in self.0.iter().map(ApiKey::expose) {
            for (_, value) in &mut response.headers.0 {
                if value.contains(form) {
                    *value = value.replace(form, INSTEAD);
                }
            }
            if let Some(body) = replaced(&response.body, form.as_bytes()) {
                response.body = body;
            }
        }
    }

    /// Takes the key out of the reason.
    pub(super) fn error(&self, error: TransportError) -> TransportError {
        let clean = |reason: String| self.0.iter().fold(reason, |text, form| text.replace(form.expose(), INSTEAD));
        match error {
            TransportError::NotSent { reason } => TransportError::NotSent { reason: clean(reason) },
            TransportError::Lost { reason } => TransportError::Lost { reason: clean(reason) },
        }
    }
}

fn escaped(mut text: String, byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        text.push(char::from(byte));
    } else {
        text.push_str(&format!("%{byte:02X}"));
    }
    text
}

/// The bytes with every occurrence replaced; `None` where there is none.
fn replaced(bytes: &[u8], form: &[u8]) -> Option<Vec<u8>> {
    let first = *form.first()?;
    let (mut out, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == first) {
        at += found;
        if bytes[at..].starts_with(form) {
            out.extend_from_slice(&bytes[from..at]);
            out.extend_from_slice(INSTEAD.as_bytes());
            at += form.len();
            from = at;
        } else {
            at += 1;
        }
    }
    if from == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[from..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::Headers;

    #[test]
    fn every_form_of_the_key_is_taken_out_and_nothing_else() {
        let key = ApiKey::new("odd/key+\"of\\no family");
        let json = "odd/key+\\\"of\\\\no family";
        let text = format!(
            "a {} b {json} c odd%2Fkey%2B%22of%5Cno%20family d {} e",
            key.expose(),
            STANDARD_NO_PAD.encode(key.expose())
        );
        let mut headers = Headers::default();
        headers.push("X-Echo", key.expose());
        let mut answer = Response { status: 200, headers, body: text.into_bytes() };
        let forms = Forms::of(&key);
        forms.response(&mut answer);
        let wanted = ["a", "b", "c", "d", "e"].join(&format!(" {INSTEAD} "));
        assert_eq!(String::from_utf8(answer.body).expect("text"), wanted);
        assert_eq!(answer.headers.get("X-Echo"), Some(INSTEAD));
        let lost = forms.error(TransportError::Lost { reason: format!("bad {}", key.expose()) });
        assert_eq!(lost, TransportError::Lost { reason: format!("bad {INSTEAD}") });
        assert_eq!(replaced(b"oddly", b"odd/key"), None);
    }
}

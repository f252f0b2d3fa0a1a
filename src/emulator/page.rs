//! Both paginations (L14 to L20): pages on C, cursors with all four `meta` members on P.
//! Knows positions and numbers, not what is listed.
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::config::{Config, MetaStyle, OverMax};
use super::errors::{ErrorCode, Refusal, invalid, refuse};
use super::query::{Query, encode};
use super::routes::Surface;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Start {
    Page(usize),
    /// After the entry with this id.
    After(String),
    /// The page that ends before the entry with this id.
    Before(String),
}

/// What a list request asks for.
#[derive(Clone, Debug)]
pub struct Paging {
    surface: Surface,
    start: Start,
    size: usize,
    style: MetaStyle,
}

/// The links and totals under a list.
#[derive(Clone, Debug, Serialize)]
pub struct Tail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

/// A:46-51.
#[derive(Clone, Debug, Serialize)]
pub struct Pagination {
    total: usize,
    page: usize,
    per_page: usize,
    total_pages: usize,
}

/// B:44 and B:67-72. An outer `None` leaves the member out.
#[derive(Clone, Debug, Serialize)]
pub struct Meta {
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev_cursor: Option<Option<String>>,
}

/// A page as it is answered.
#[derive(Clone, Debug, Serialize)]
pub struct Listing<T> {
    pub data: Vec<T>,
    #[serde(flatten)]
    pub tail: Tail,
}

impl Paging {
    pub fn parse(surface: Surface, query: &Query<'_>, config: &Config) -> Result<Paging, Refusal> {
        let (size_name, style) = match surface {
            Surface::C => ("per_page", config.meta.style),
            Surface::P => ("limit", config.meta.style),
        };
        let mut size = query.positive(size_name)?.unwrap_or(config.pagination.default.min(config.pagination.max));
        if size > config.pagination.max {
            match config.pagination.over_max {
                OverMax::Reject => {
                    return Err(invalid(size_name, format!("must be at most {}", config.pagination.max)));
                }
                OverMax::Clamp => size = config.pagination.max,
            }
        }
        let page = query.positive("page")?;
        let cursor = if surface == Surface::P { query.get("cursor") } else { None };
        let start = match (page, cursor) {
            (Some(_), Some(_)) => return Err(invalid("page", "must not be given together with cursor")),
            (page, None) => Start::Page(page.unwrap_or(1)),
            (None, Some(cursor)) => open_cursor(cursor)?,
        };
        Ok(Paging { surface, start, size, style })
    }

    /// Which entries of `total` are on the page. `place` tells of an id how many entries stand before it, and how many
    /// up to and with it; `None`: no such entry.
    pub fn range(&self, total: usize, place: impl Fn(&str) -> Option<(usize, usize)>) -> Result<Range<usize>, Refusal> {
        let begin = match &self.start {
            Start::Page(page) => (page - 1).saturating_mul(self.size),
            Start::After(id) => place(id).ok_or_else(invalid_cursor)?.1,
            Start::Before(id) => {
                let end = place(id).ok_or_else(invalid_cursor)?.0;
                return Ok(end.saturating_sub(self.size)..end);
            }
        };
        let begin = begin.min(total);
        Ok(begin..begin.saturating_add(self.size).min(total))
    }

    /// What stands under the page. `path` with `/v1`; `first` and `last` are the ids at the page's ends.
    pub fn tail(
        &self,
        path: &str,
        query: &Query<'_>,
        total: usize,
        range: &Range<usize>,
        ends: Option<(&str, &str)>,
    ) -> Tail {
        if self.surface == Surface::C {
            let page = if let Start::Page(page) = self.start { page } else { 1 };
            let pagination = Pagination { total, page, per_page: self.size, total_pages: total.div_ceil(self.size) };
            return Tail { pagination: Some(pagination), meta: None };
        }
        let next_cursor = ends.filter(|_| range.end < total).map(|(_, last)| cursor(&json!({"id": last})));
        let prev_cursor = ends.filter(|_| range.start > 0).map(|(first, _)| cursor(&json!({"before": first})));
        let next_page = next_cursor.as_ref().map(|next| self.link(path, query, next));
        let cursors = self.style != MetaStyle::NextPageOnly;
        let pages = self.style != MetaStyle::CursorOnly;
        let meta = Meta {
            total,
            next_page: pages.then_some(next_page),
            next_cursor: cursors.then_some(next_cursor),
            prev_cursor: cursors.then_some(prev_cursor),
        };
        Tail { pagination: None, meta: Some(meta) }
    }

    /// The link to the next page: what was sent, with the next page in place of this one (L17).
    fn link(&self, path: &str, query: &Query<'_>, next_cursor: &str) -> String {
        let kept = query.0.iter().filter(|(name, _)| name != "page" && name != "cursor");
        let mut pairs: Vec<String> = kept.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.push(match &self.start {
            Start::Page(page) => format!("page={}", page + 1),
            Start::After(_) | Start::Before(_) => format!("cursor={}", encode(next_cursor)),
        });
        format!("{path}?{}", pairs.join("&"))
    }
}

fn cursor(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

fn open_cursor(text: &str) -> Result<Start, Refusal> {
    // A form turns a raw `+` into a space.
    let bytes = STANDARD.decode(text.replace(' ', "+")).map_err(|_| invalid_cursor())?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| invalid_cursor())?;
    let member = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    member("id").map(Start::After).or_else(|| member("before").map(Start::Before)).ok_or_else(invalid_cursor)
}

/// 400 for a cursor that is none, or whose entry is gone.
pub fn invalid_cursor() -> Refusal {
    refuse(ErrorCode::InvalidCursor, "The cursor is invalid or has expired.", json!({}))
}

//! Lists to their end (`contract.md L14` to `L21`): the strategy follows the answer, pages are asked for by what the
//! answer's link says and never by following it, and nothing the API sends can make it go on for ever.

use super::call::Listing;
use super::client::{Client, Reach};
use super::error::ReadError;
use super::observe::{id_of, observed};
use super::reads::Answer;
use super::request::{self, append_parameter};
use crate::model::{Attributes, Ident, RemoteId};
use crate::provider::Pagination;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A list that has more pages is no list: of the smallest ones they hold all that a program can declare.
const PAGE_LIMIT: u32 = 5_000;

/// So many pages after each other may bring nothing that was not on one before.
const BLANK_LIMIT: u32 = 10;

/// So many pages may be as thin as they like; of those beyond each must bring so many items, on the average.
const THIN_LIMIT: u32 = 100;
const LEAST_ON_A_PAGE: usize = 5;

/// All pages of a list together may be so large, in bytes.
const SIZE_LIMIT: usize = 256 << 20;

/// A list with fewer objects than it says is asked for again so often, each time a second later.
const SHORT_TRIES: u64 = 2;

/// The page size that both documents give as the default.
const SMALLEST_PAGE: u32 = 20;

/// All items of a list as they were taken, each id once.
pub(super) struct Items<T> {
    pub items: Vec<T>,
    pub requests: u32,
}

/// What is kept of an item of a list; the rest of a page is dropped before the next one is asked for.
pub(super) type Take<'t, T> = &'t (dyn Fn(&Json) -> Option<T> + Sync);

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Page(u64),
    Cursor(String),
}

struct Page<T> {
    /// What was not taken counts as well.
    items: Vec<(Option<RemoteId>, Option<T>)>,
    next: Option<Next>,
    /// How many objects the whole list has, as this page says (`contract.md L19`).
    total: Option<u64>,
    /// By number: such lists shift while objects come and go.
    is_numbered: bool,
    /// Bytes of the answer.
    size: usize,
}

/// Why a walk through the pages has to begin again.
enum Stop {
    Again,
    /// It came to its end with fewer objects than it says that there are.
    Short {
        told: u64,
        found: usize,
    },
    Error(ReadError),
}

/// What a walk has come by so far, of which it may not have too much.
#[derive(Default)]
struct Seen {
    ids: BTreeSet<RemoteId>,
    /// Distinct objects, taken or not.
    count: usize,
    /// The least total that a page told: objects come and go meanwhile.
    least: Option<u64>,
    pages: u32,
    /// Pages after each other that brought nothing new.
    blank: u32,
    size: usize,
}

impl Seen {
    /// What of the page is new; items without an id always are.
    fn add<T>(&mut self, page: Vec<(Option<RemoteId>, Option<T>)>, total: Option<u64>, size: usize) -> Vec<T> {
        let before = self.count;
        let mut taken = Vec::new();
        for (id, item) in page {
            if id.is_none_or(|id| self.ids.insert(id)) {
                self.count += 1;
                taken.extend(item);
            }
        }
        self.pages += 1;
        self.blank = if self.count > before { 0 } else { self.blank + 1 };
        self.size = self.size.saturating_add(size);
        self.least = [self.least, total].into_iter().flatten().min();
        taken
    }

    /// Whoever answers can go on for ever with new cursors and new objects.
    fn is_endless(&self) -> bool {
        let thick = self.pages.saturating_sub(THIN_LIMIT) as usize * LEAST_ON_A_PAGE;
        self.blank >= BLANK_LIMIT || self.count < thick || self.size > SIZE_LIMIT
    }

    /// The whole list, if it is one.
    fn end(&self) -> Result<(), Stop> {
        match self.least {
            Some(told) if (self.count as u64) < told => Err(Stop::Short { told, found: self.count }),
            Some(_) | None => Ok(()),
        }
    }
}

impl Client {
    /// Every object of a kind, of one parent where the path needs one; nothing where that one is gone.
    pub async fn list(&self, kind: &Ident, parent: &Attributes) -> Result<Listing, ReadError> {
        let kind = self.kind(kind)?;
        let impossible = |reason| ReadError::NotPossible { reason };
        let route = request::route(&kind.list, parent).map_err(impossible)?;
        let target = request::path(&route.path, None, parent).map_err(impossible)?;
        let take = |item: &Json| observed(&kind.attributes, item, None);
        let listed = self.pages(&route.surface, &target, &take).await;
        if let (Err(ReadError::NotFound(_)), None) = (&listed, &kind.parent) {
            self.routeless.lock().unwrap_or_else(PoisonError::into_inner).insert(kind.name.clone());
        }
        let listed = match listed {
            Err(ReadError::NotFound(_)) if self.parent_is_gone(kind, parent).await? => return Ok(Listing::default()),
            listed => listed?,
        };
        let mut objects = listed.items;
        // Rules say their zone themselves as a rule; where one does not, the list that it came from does.
        for object in &mut objects {
            for name in kind.parent.iter().filter(|name| parent.contains_key(*name)) {
                object.attributes.entry(name.clone()).or_insert_with(|| parent[name].clone());
            }
        }
        Ok(Listing { objects, requests: listed.requests, regions: self.regions_seen(&route.surface) })
    }

    /// The list of the kind was asked for, and the API has no such route.
    pub fn lacks_list(&self, kind: &Ident) -> bool {
        self.routeless.lock().unwrap_or_else(PoisonError::into_inner).contains(kind)
    }

    /// All pages of a collection; begins again where the list changed under it, once for each reason, and where it shows less
    /// than it says. Never a part for the whole.
    pub(super) async fn pages<T: Send>(
        &self,
        surface: &Ident,
        target: &str,
        take: Take<'_, T>,
    ) -> Result<Items<T>, ReadError> {
        let reach = self.reach(surface)?;
        let mut requests = 0;
        let (mut restarts, mut short) = (0, 0);
        loop {
            match self.walk(reach, (target, take), &mut requests, restarts == 0).await {
                Ok(items) => return Ok(Items { items, requests }),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Again) => restarts += 1,
                Err(Stop::Short { .. }) if short < SHORT_TRIES => {
                    short += 1;
                    self.clock.sleep(Duration::from_secs(short)).await;
                }
                Err(Stop::Short { told, found }) => {
                    return Err(bad(reach, &format!("the list says that it has {told} objects and shows {found}")));
                }
            }
        }
    }

    async fn walk<T: Send>(
        &self,
        reach: &Reach,
        (target, take): (&str, Take<'_, T>),
        requests: &mut u32,
        may_restart: bool,
    ) -> Result<Vec<T>, Stop> {
        let mut found = Vec::new();
        let (mut seen, mut places) = (Seen::default(), BTreeSet::new());
        let (mut next, mut total) = (None, None);
        loop {
            *requests += 1;
            if *requests > PAGE_LIMIT {
                return Err(Stop::Error(bad(reach, "the list does not end")));
            }
            let page = match self.page(reach, (target, take), next.as_ref()).await {
                Ok(page) => page,
                Err(ReadError::Refused(error)) if error.code == "invalid_cursor" && next.is_some() && may_restart => {
                    return Err(Stop::Again);
                }
                Err(error) => return Err(Stop::Error(error)),
            };
            found.extend(seen.add(page.items, page.total, page.size));
            if may_restart && page.is_numbered && total.is_some() && page.total != total {
                return Err(Stop::Again);
            }
            total = page.total;
            match page.next {
                None => return seen.end().map(|()| found),
                Some(_) if seen.is_endless() => return Err(Stop::Error(bad(reach, "the list does not end"))),
                Some(following) if places.insert(following.clone()) => next = Some(following),
                Some(_) => return Err(Stop::Error(bad(reach, "the list leads back to a page that was read already"))),
            }
        }
    }

    /// One page; a refused page size is halved down to the default, and stays so for the run.
    async fn page<T: Send>(
        &self,
        reach: &Reach,
        (target, take): (&str, Take<'_, T>),
        next: Option<&Next>,
    ) -> Result<Page<T>, ReadError> {
        loop {
            let size = reach.page_size.load(Ordering::Relaxed);
            let mut full = target.to_owned();
            let by_page = match next {
                Some(Next::Page(_)) => true,
                Some(Next::Cursor(_)) => false,
                None => reach.surface.pagination == Pagination::Page,
            };
            append_parameter(&mut full, if by_page { "per_page" } else { "limit" }, &size.to_string());
            match next {
                Some(Next::Page(page)) => append_parameter(&mut full, "page", &page.to_string()),
                Some(Next::Cursor(cursor)) => append_parameter(&mut full, "cursor", cursor),
                None => {}
            }
            match self.get(&reach.endpoint.surface, full).await {
                Ok(answer) => return read_page(reach, &answer, next, take),
                Err(ReadError::Refused(error))
                    if error.status == 400 && error.code != "invalid_cursor" && size > SMALLEST_PAGE =>
                {
                    reach.page_size.store((size / 2).max(SMALLEST_PAGE), Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn bad(reach: &Reach, what: &str) -> ReadError {
    ReadError::BadAnswer { what: format!("{}: {what}", reach.endpoint.host()) }
}

fn read_page<T>(reach: &Reach, answer: &Answer, asked: Option<&Next>, take: Take<'_, T>) -> Result<Page<T>, ReadError> {
    let json = &answer.json;
    let Some(items) = json.get("data").and_then(Json::as_array) else {
        return Err(bad(reach, "the list has no `data`"));
    };
    let pagination = json.get("pagination").filter(|pagination| pagination.is_object());
    let next = match (pagination, json.get("meta")) {
        (Some(pagination), _) => next_number(pagination, asked),
        (None, Some(meta)) => next_cursor(reach, meta)?,
        (None, None) => None,
    };
    let total = pagination.or_else(|| json.get("meta")).and_then(|tail| tail.get("total")).and_then(Json::as_u64);
    let items = items.iter().map(|item| (id_of(item), take(item))).collect();
    Ok(Page { items, next, total, is_numbered: pagination.is_some(), size: answer.size })
}

/// By our own count: an answer that repeats a page number leads nowhere else.
fn next_number(pagination: &Json, asked: Option<&Next>) -> Option<Next> {
    let page = match asked {
        Some(Next::Page(page)) => *page,
        Some(Next::Cursor(_)) | None => pagination.get("page").and_then(Json::as_u64).unwrap_or(1),
    };
    let pages = pagination.get("total_pages").and_then(Json::as_u64)?;
    (page < pages).then_some(Next::Page(page + 1))
}

/// `next_cursor`, else what `next_page` carries as `cursor` or `page` (`contract.md L15`).
fn next_cursor(reach: &Reach, meta: &Json) -> Result<Option<Next>, ReadError> {
    if let Some(cursor) = meta.get("next_cursor").and_then(Json::as_str) {
        return Ok(Some(Next::Cursor(cursor.to_owned())));
    }
    let Some(link) = meta.get("next_page").and_then(Json::as_str) else { return Ok(None) };
    if !is_at_home(&reach.endpoint.origin, link) {
        return Err(bad(reach, "the list leads to another host"));
    }
    let query = link.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or(""));
    let parameter = |wanted: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| decode(value))
    };
    if let Some(cursor) = parameter("cursor") {
        return Ok(Some(Next::Cursor(cursor)));
    }
    match parameter("page").and_then(|page| page.parse().ok()) {
        Some(page) => Ok(Some(Next::Page(page))),
        None => Err(bad(reach, "the list has a next page that can't be asked for")),
    }
}

/// A path, or a URL of the same origin, as every reader of URLs understands it.
fn is_at_home(origin: &str, link: &str) -> bool {
    let is_odd = link.contains('\\') || link.chars().any(char::is_control);
    let is_path = link.starts_with('/') && !link.starts_with("//") || link.starts_with('?');
    let is_same = link.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/') || rest.starts_with('?'));
    !is_odd && (is_path || is_same)
}

/// Percent-decoded; what is no valid encoding stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
